"""What report D claims of triplets."""

from keras_suite.metrics.claims import Claim, both


def hard_ones_train_better(of):
    """Take the share of free triplets in the last epoch, and neighbours of the test images."""
    free = of("zero_loss", model="random", split="train")
    hard, random = (of("recall_at_1", model=each) for each in ("hard", "random"))
    return both(free.lies(at_least=0.9), hard.minus(random).lies(at_least=0))


CLAIMS = [
    Claim(
        "C17",
        "D",
        "Random triplets soon cost nothing; the hardest positive and negative train better.",
        hard_ones_train_better,
    ),
]
