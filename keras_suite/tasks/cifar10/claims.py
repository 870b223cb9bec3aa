"""What report C claims of DeiT and VGG19."""

from keras_suite.metrics.claims import Claim, Verdict, both

DEIT, VGG = {"model": "deit-base"}, {"model": "vgg19"}


def deit_beats_vgg(of):
    """Compare accuracy on the test images, and what trains."""
    if of.config["weights"] != "pretrained":
        return Verdict("not testable here", "it is about pretrained weights")
    gain = of("accuracy", **DEIT).minus(of("accuracy", **VGG))
    trained = [of("trainable", **model, group="cost") for model in (DEIT, VGG)]
    ratio = trained[0].over(trained[1])
    return both(gain.lies(at_least=0), ratio.lies(at_least=0.5, at_most=2))


def deit_takes_longer(of):
    """Compare the seconds of an epoch; about four times is three to five times."""
    seconds = [of("seconds_per_epoch", **model, group="cost") for model in (DEIT, VGG)]
    return seconds[0].over(seconds[1]).lies(at_least=3, at_most=5)


CLAIMS = [
    Claim(
        "C12",
        "C",
        "DeiT beats VGG19 (96.7 against 85.2 %) with about as many trained parameters.",
        deit_beats_vgg,
    ),
    Claim("C13", "C", "DeiT takes about four times as long an epoch.", deit_takes_longer),
]
