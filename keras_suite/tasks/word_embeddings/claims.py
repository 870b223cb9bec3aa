"""What report D claims of word vectors; nothing is random here, so that one run settles it."""

from keras_suite.metrics.claims import Claim, both

ANALOGIES, FAILING = ("man:woman::king", "man:woman::actor"), "young:old::cow"


def right_sign_is_right(of):
    """Compare the places of the expected words."""

    def rank(analogy: str, sign: str):
        return of("rank", model=f"{analogy}, {sign} sign", group="answers")

    apart = (rank(each, "right").minus(rank(each, "wrong")) for each in ANALOGIES)
    return both(*(each.lies(at_most=-1, seeds=1) for each in apart))


def steps_are_parallel(of):
    """Compare the cosines of relations' steps, and measure how far categories lie apart."""
    names = "gender", "plural", "grown up"
    gender, plural, farm = (of("agreement", model=each, group="answers") for each in names)
    apart = of("silhouette", model="categories", group="answers")
    return both(
        *(each.minus(farm).lies(at_least=0, seeds=1) for each in (gender, plural)),
        apart.lies(at_least=0.25, seeds=1),  # weak clusters are below: Kaufman, Rousseeuw 1990
    )


def calf_is_badly_placed(of):
    """Count the third word's neighbours among the answers, and compare calf with other young."""
    around = of("neighbours", model=FAILING, group="answers")
    young = "calf – cow", "puppy – dog", "kitten – cat", "lamb – sheep"
    calf, *others = (of("cosine", model=each, group="young – old") for each in young)
    return both(
        around.lies(at_least=of.config["neighbours"] / 2, seeds=1),
        *(calf.minus(each).lies(at_most=0, seeds=1) for each in others),
    )


CLAIMS = [
    Claim("C14", "D", "w1 + w2 - w3 has the right sign for analogies.", right_sign_is_right),
    Claim(
        "C15",
        "D",
        "Gender steps are parallel, plural steps too, farm less so; categories form clusters.",
        steps_are_parallel,
    ),
    Claim(
        "C16",
        "D",
        "young : cow :: old gives neighbours of cow, because calf is badly placed.",
        calf_is_badly_placed,
    ),
]
