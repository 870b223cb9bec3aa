"""What report C claims of heads on BERT."""

from keras_suite.metrics.claims import Claim, Verdict, both

FEATURES, TUNED = "feature-based", "fine-tuned"
COVID_ENCODER = "digitalepidemiologylab/covid-twitter-bert-v2"


def _accuracy(of, model: int, regime: str):
    return of("accuracy", model=f"model {model}, {regime}")


def tuned_beats_features(of):
    """Compare accuracy on the test tweets, model by model."""
    gains = (_accuracy(of, n, TUNED).minus(_accuracy(of, n, FEATURES)) for n in (1, 2, 3))
    return both(*(gain.lies(at_least=0) for gain in gains))


def gru_beats_the_first_token(of):
    """Compare accuracy on the test tweets, features of one encoder for both."""
    return _accuracy(of, 2, FEATURES).minus(_accuracy(of, 1, FEATURES)).lies(at_least=0)


def covid_encoder_is_best(of):
    """Compare model 3 with both others, where its encoder is the one meant."""
    if of.config["covid_encoder"] != COVID_ENCODER:
        return Verdict("not testable here", f"it is about {COVID_ENCODER}")
    gains = (_accuracy(of, 3, TUNED).minus(_accuracy(of, n, TUNED)) for n in (1, 2))
    return both(*(gain.lies(at_least=0) for gain in gains))


CLAIMS = [
    Claim("C9", "C", "Fine-tuned beats feature-based for all three models.", tuned_beats_features),
    Claim(
        "C10",
        "C",
        "Feature-based, the GRU on all tokens beats the first token.",
        gru_beats_the_first_token,
    ),
    Claim(
        "C11",
        "C",
        "An encoder pretrained on COVID tweets is best when fine-tuned.",
        covid_encoder_is_best,
    ),
]
