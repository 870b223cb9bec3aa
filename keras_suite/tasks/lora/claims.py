"""What reports A and B claim of LoRA."""

from keras_suite.metrics.claims import Claim, both

FIRST = {"split": "validation", "group": "first evaluation"}
TASKS = {"qqp": "QQP", "mnli": "MultiNLI"}


def _models(of) -> tuple[dict, dict, dict]:
    names = "LoRA", "full fine-tuning", "head only"
    lora, full, head = ({"model": f"{name}, {TASKS[of.config['task']]}"} for name in names)
    return lora, full, head


def comes_near(of):
    """Compare accuracy; near is within 0.02, as the report's 0.825 is to its 0.830."""
    lora, full, _ = _models(of)
    return of("accuracy", **lora).minus(of("accuracy", **full)).lies(at_least=-0.02)


def takes_less_time(of):
    """Compare the seconds of the same steps."""
    lora, full, _ = _models(of)
    cost = {"group": "cost"}
    return of("seconds", **lora, **cost).minus(of("seconds", **full, **cost)).lies(at_most=0)


def begins_with_no(of):
    """Look at F1 after the first evaluation."""
    lora, full, _ = _models(of)
    return both(*(of("f1", **model, **FIRST).lies(at_most=0.01) for model in (lora, full)))


def costs_nothing_more(of):
    """Compare what trains with the base, and a merged adapter's time with that of no adapter."""
    lora, cost = _models(of)[0], {"group": "cost"}
    share = of("trainable", **lora, **cost).over(of("parameters", **lora, **cost))
    time = of("seconds_per_pair_merged", **lora, **cost).over(
        of("seconds_per_pair_base", **lora, **cost)
    )
    return both(share.lies(at_most=0.1), time.lies(at_most=1.1))


CLAIMS = [
    Claim("C5", "A", "LoRA with 0.5 % of the parameters comes near full fine-tuning.", comes_near),
    Claim("C6", "A", "LoRA takes less time for the same steps.", takes_less_time),
    Claim("C7", "A", "Both begin by always saying no: F1 is 0 at first.", begins_with_no),
    Claim(
        "C8",
        "A, B",
        "Adapters let one base serve several tasks, and merged they cost nothing at inference.",
        costs_nothing_more,
    ),
]
