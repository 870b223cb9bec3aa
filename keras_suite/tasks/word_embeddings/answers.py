"""Questions to word vectors, and their answers as data, figures and a text to read."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from keras_suite.tasks.word_embeddings.known import unknown_words
from keras_suite.tasks.word_embeddings.tasks import (
    Analogy,
    Answers,
    Diagnosis,
    Pair,
    Scored,
    agreement,
    answer,
    answer_with_wrong_sign,
    cosines_with_step,
    diagnose,
    offsets,
    separation,
)

if TYPE_CHECKING:
    from gensim.models import KeyedVectors


@dataclass(frozen=True)
class Questions:
    """What to ask word vectors.

    Args:
        words: whose neighbours?
        triples: is the first word closer to the second, as it should be, or to the third?
        analogies: what completes them?
        relations: do the pairs of a relation lie apart by the same step?
        categories: does each lie apart from the others?
        failing: an analogy whose answers want an explanation; None for none.
        reported: the answers that a report got for it.
        steps: two words, and the relation whose pairs should lie apart by the same step.
    """

    words: Sequence[str]
    triples: Sequence[tuple[str, str, str]]
    analogies: Sequence[Analogy]
    relations: Mapping[str, Sequence[Pair]]
    categories: Mapping[str, Sequence[str]]
    failing: Analogy | None
    reported: Sequence[str]
    steps: Mapping[Pair, str]

    def vocabulary(self) -> list[str]:
        """Return all words that must have vectors, each once."""
        analogies = [*self.analogies, self.failing] if self.failing else self.analogies
        every = chain(
            self.words,
            *self.triples,
            *(analogy.words for analogy in analogies),
            *chain.from_iterable(self.relations.values()),
            *self.categories.values(),
            *self.steps,
        )
        return list(dict.fromkeys(every))

    def known_to(self, keyed: "KeyedVectors") -> "Questions":
        """Return the questions all of whose words have vectors."""

        def is_known(words: Iterable[str]) -> bool:
            return not unknown_words(keyed, words)

        categories = {
            name: [word for word in words if word in keyed]
            for name, words in self.categories.items()
        }
        return dataclasses.replace(
            self,
            words=[word for word in self.words if word in keyed],
            triples=[triple for triple in self.triples if is_known(triple)],
            analogies=[analogy for analogy in self.analogies if is_known(analogy.words)],
            relations={
                name: [pair for pair in pairs if is_known(pair)]
                for name, pairs in self.relations.items()
            },
            categories={name: words for name, words in categories.items() if words},
            failing=self.failing if self.failing and is_known(self.failing.words) else None,
            steps={pair: name for pair, name in self.steps.items() if is_known(pair)},
        )


@dataclass(frozen=True)
class Failure:
    """What an analogy that fails gives, and why.

    Args:
        analogy: which.
        diagnoses: of it, and then of the other analogies.
        steps: by what a step between two words is called, the cosines of its offset with those of
            other pairs.
        reported: the answers that a report got.
        shared: which of those are among other words, by what these are called.
    """

    analogy: Analogy
    diagnoses: Sequence[Diagnosis]
    steps: Mapping[str, Sequence[tuple[Pair, float]]]
    reported: Sequence[str]
    shared: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class WordAnswers:
    """The answers of one set of vectors.

    Args:
        neighbours: by word.
        triples: each word, with the one expected to be closer and the other, and their cosines.
        analogies: with the answers of the right sign and of the wrong one.
        agreement: by relation, the mean cosine of its pairs' offsets, None for fewer than two.
        separation: of categories; see :func:`keras_suite.tasks.word_embeddings.tasks.separation`.
        failure: of an analogy; None where its words have no vectors.
        left_out: words of the questions that have no vectors.
    """

    neighbours: Mapping[str, Scored]
    triples: Sequence[tuple[str, Scored]]
    analogies: Sequence[tuple[Analogy, Answers, Answers]]
    agreement: Mapping[str, float | None]
    separation: Mapping[str, float] | None
    failure: Failure | None
    left_out: Sequence[str]


def ask(keyed: "KeyedVectors", questions: Questions, count: int = 10) -> WordAnswers:
    """Answer all questions whose words have vectors, with ``count`` words where words are asked."""
    known = questions.known_to(keyed)
    return WordAnswers(
        neighbours={word: keyed.most_similar(word, topn=count) for word in known.words},
        triples=[
            (word, [(other, float(keyed.similarity(word, other))) for other in others])
            for word, *others in known.triples
        ],
        analogies=[
            (each, answer(keyed, each, count), answer_with_wrong_sign(keyed, each, count))
            for each in known.analogies
        ],
        agreement={name: agreement(offsets(keyed, p)) for name, p in known.relations.items()},
        separation=separation(keyed, known.categories),
        failure=_explain(keyed, known, count),
        left_out=unknown_words(keyed, questions.vocabulary()),
    )


def measured(answers: WordAnswers) -> list[tuple[dict, dict[str, float]]]:
    """Return the figures among answers, as :func:`keras_suite.runs.results.compare` takes them.

    rank: of an analogy's expected word; agreement: of a relation's pairs; silhouette and
    nearest_shares_category: of the categories; shared: how many of the words that the report got
    for the failing analogy are among others.
    """

    def of(model: str, protocol: str = "") -> dict[str, str]:
        return {"model": model, "protocol": protocol, "split": "tasks"}

    ranks = [
        (of(str(analogy), sign), {"rank": each.rank})
        for analogy, *both in answers.analogies
        for sign, each in zip(("right sign", "wrong sign"), both, strict=True)
        if each.rank
    ]
    steps = [
        (of(name), {"agreement": value})
        for name, value in answers.agreement.items()
        if value is not None
    ]
    apart = [(of("categories"), dict(answers.separation))] if answers.separation else []
    failure = answers.failure
    shared = failure.shared.items() if failure else ()
    return [
        *ranks,
        *steps,
        *apart,
        *((of(str(failure.analogy), name), {"shared": len(words)}) for name, words in shared),
    ]


def as_text(answers: WordAnswers) -> str:
    """Lay answers out in lines."""
    parts: dict[str, Iterable[str]] = {
        "Neighbours": (f"{word}: {_words(found)}" for word, found in answers.neighbours.items()),
        "Which is closer": map(_triple, answers.triples),
        "Analogies": (line for each in answers.analogies for line in _analogy(*each)),
        "Do the pairs of a relation lie apart by the same step (mean cosine)?": (
            f"{name}: {value:.2f}" for name, value in answers.agreement.items() if value is not None
        ),
        "Categories": _categories(answers.separation),
        "The analogy that fails": _failure(answers.failure),
        "Left out, for they have no vectors": [", ".join(answers.left_out)]
        * bool(answers.left_out),
    }
    written = {title: [f"  {line}" for line in lines] for title, lines in parts.items()}
    return "\n\n".join("\n".join([title, *lines]) for title, lines in written.items() if lines)


def _explain(keyed: "KeyedVectors", known: Questions, count: int) -> Failure | None:
    if not known.failing:
        return None
    third = known.failing.c
    found = {
        "our answers": answer(keyed, known.failing, count).words,
        "our answers with the wrong sign": answer_with_wrong_sign(
            keyed, known.failing, count
        ).words,
        f"the {count} nearest neighbours of {third}": keyed.most_similar(third, topn=count),
    }
    return Failure(
        analogy=known.failing,
        diagnoses=[diagnose(keyed, each, count) for each in (known.failing, *known.analogies)],
        steps={
            f"{first} – {second}": cosines_with_step(
                keyed, (first, second), known.relations[relation]
            )
            for (first, second), relation in known.steps.items()
        },
        reported=known.reported,
        shared={
            name: [word for word in known.reported if word in dict(words)]
            for name, words in found.items()
        },
    )


def _words(scored: Scored) -> str:
    return ", ".join(f"{word} {cosine:.2f}" for word, cosine in scored)


def _triple(compared: tuple[str, Any]) -> str:
    word, (expected, other) = compared
    (close, cosine), (far, less) = sorted((expected, other), key=lambda each: -each[1])
    verdict = "" if close == expected[0] else ", against what they mean"
    return f"{word} is closer to {close} ({cosine:.2f}) than to {far} ({less:.2f}){verdict}"


def _analogy(analogy: Analogy, right: Answers, wrong: Answers) -> Iterable[str]:
    for sign, answers in ("right", right), ("wrong", wrong):
        rank = f" ({analogy.expected} at place {answers.rank:,})" if answers.rank else ""
        yield f"{analogy}:? with the {sign} sign{rank}: {_words(answers.words)}"


def _categories(separation: Mapping[str, float] | None) -> Iterable[str]:
    if separation:
        near = separation["nearest_shares_category"]
        yield f"silhouette {separation['silhouette']:.2f}"
        yield f"the nearest other word is of the same category for {near:.0%}"


def _failure(failure: Failure | None) -> Iterable[str]:
    if not failure:
        return
    failing, count = failure.analogy, len(failure.reported)
    same = f"{failing.a}:{failing.c}::{failing.b}:?"
    reported = ", ".join(failure.reported)
    yield f"the report's answers to {failing}:?, the same sum as {same}, are {reported}"
    for name, words in failure.shared.items():
        these = f": {', '.join(words)}" if words else ""
        yield f"{len(words)} of these {count} are among {name}{these}"
    for each in failure.diagnoses:
        yield (
            f"{each.analogy}:? the sum is closest to {each.nearest}; its cosine with the first "
            f"answer is {each.cosine_to_answer:.2f}, with the third word {each.cosine_to_c:.2f}, "
            f"with the second {each.cosine_to_b:.2f}; {each.neighbours} of {each.answers} answers "
            "are neighbours of the third word anyway"
        )
    for name, cosines in failure.steps.items():
        if cosines:
            values = ", ".join(f"{' – '.join(pair)} {cosine:.2f}" for pair, cosine in cosines)
            mean = sum(cosine for _, cosine in cosines) / len(cosines)
            yield f"cosines of the step {name} with {values}; mean {mean:.2f}"
