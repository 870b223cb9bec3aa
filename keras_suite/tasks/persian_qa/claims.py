"""What report E claims of ParsBERT and ALBERT; a run has one of them, so both runs are needed."""

from keras_suite.metrics.claims import Claim, both

BERT, ALBERT = {"model": "BERT"}, {"model": "ALBERT"}


def come_out_alike(of):
    """Compare test answers; alike is within 1.5 of 100, reported are 0.25 and 0.17."""
    apart = (of(m, **ALBERT).minus(of(m, **BERT)) for m in ("exact_match", "f1"))
    return both(*(each.lies(at_least=-1.5, at_most=1.5) for each in apart))


def albert_takes_longer(of):
    """Compare the seconds of training."""
    albert, bert = (of("seconds", **model, group="cost") for model in (ALBERT, BERT))
    return albert.over(bert).lies(at_least=1, at_most=1.5)


CLAIMS = [
    Claim("C20", "E", "ParsBERT and ALBERT come out alike.", come_out_alike),
    Claim("C21", "E", "ALBERT takes a little longer.", albert_takes_longer),
]
