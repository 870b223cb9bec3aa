from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.data.metrics import squad_metrics as official

from keras_suite.tasks.persian_qa import squad_metrics
from keras_suite.tasks.persian_qa.pquad import Answer, Question
from keras_suite.tasks.persian_qa.squad_metrics import exact_match, f1, normalize, squad_report

SCORE = st.one_of(st.integers(-2, 2).map(float), st.floats(-10, 10))
# Any text, or signs of which a removed one may stand between a letter and its mark.
SIGNS = st.sampled_from(["e", "E", "\u0301", "\u200c", "-", "=", "Σ", "ا", "\u0653", " "])
TEXT = st.text(st.one_of(SIGNS, st.characters(exclude_categories=["Cs"])), max_size=12)
# Few words, so that answers often share some, and signs that vanish.
WORDS = st.lists(st.sampled_from(["تهران", "ايران", "ایران", "می‌رود", "۱۲", "«", "b"]), max_size=5)
PHRASE = WORDS.map(" ".join)
PHRASES = st.lists(PHRASE, max_size=3)
OFFICIAL = {"exact_match": "exact", "f1": "f1", "total": "total"}
OFFICIAL |= {f"has_answer_{name}": f"HasAns_{official}" for name, official in OFFICIAL.items()}
OFFICIAL |= {"no_answer_accuracy": "NoAns_exact", "no_answer_total": "NoAns_total"}


def question(name, *answers) -> Question:
    return Question(str(name), "؟", "متن", tuple(Answer(text, 0) for text in answers), "")


SPELLINGS = [
    ("عل\u064a \u0643اظم\u0649", "علی کاظمی"),  # Arabic yeh, kaf and alef maksura
    ("مدرسة خانه\u0654 خان\u06c0 ما", "مدرسه خانه خانه ما"),
    ("رئیس مؤسسهٔ تأسیس", "رییس موسسه تاسیس"),
    ("ر\u064a\u0654یس", "رییس"),  # yeh and hamza apart
    ("قر\u0627\u0653ن", "قرآن"),  # alef and madda apart
    ("ﻻﻟﻪ", "لاله"),  # presentation forms
    ("مُحَمَّد کتـــاب می‌رود", "محمد کتاب میرود"),
    ("\u200fایران\u200e\ufeff", "ایران"),
    ("۱۳۹۵ و ٢٠١٦ ۱۲٫۵٪", "1395 و 2016 125"),
    ("«قرائت»، چرا؟ بله؛ (خیر)!", "قرایت چرا بله خیر"),
    ("  الف \n\t ب\u00a0پ ", "الف ب پ"),
    ("The IBM-PC", "the ibmpc"),  # English articles stay
    ("«»", ""),
]
SCORES = [
    ("كشور برزيل", ["کشور برزیل."], 100, 100),
    ("کشور برزیل", ["شهر", "برزیل", "کشور پهناور برزیل"], 0, 80),
    ("برزیل برزیل", ["برزیل"], 0, 200 / 3),  # a word counts as often as both have it
    ("؟", [], 100, 100),  # signs alone are an empty answer
    ("", ["؟"], 100, 100),
    ("", ["؟", "برزیل"], 0, 0),
]


@pytest.mark.parametrize(("text", "plain"), SPELLINGS)
def test_spellings_of_one_answer_become_the_same(text, plain):
    assert normalize(text) == plain


@given(TEXT)
def test_normalising_twice_changes_nothing_more_and_a_text_matches_itself(text):
    assert normalize(normalize(text)) == normalize(text)
    assert exact_match(text, [text]) == f1(text, [text]) == 100


@pytest.mark.parametrize(("prediction", "answers", "exact", "partial"), SCORES)
def test_scores_of_cases_worked_out_by_hand(prediction, answers, exact, partial):
    assert exact_match(prediction, answers) == exact
    assert f1(prediction, answers) == pytest.approx(partial)


@given(st.lists(st.tuples(PHRASE, PHRASES), min_size=1, max_size=8))
def test_the_report_is_that_of_the_official_script(rows):
    """Of texts normalised before, of which that script's own normalisation changes nothing."""
    rows = [(normalize(text), [normalize(each) for each in answers]) for text, answers in rows]
    questions = [question(i, *answers) for i, (_, answers) in enumerate(rows)]
    predictions = {str(i): text for i, (text, _) in enumerate(rows)}
    given = [SimpleNamespace(qas_id=q.id, answers=[*map(vars, q.answers)]) for q in questions]
    theirs = official.squad_evaluate(given, predictions)
    report = squad_report(predictions, questions)
    assert report == pytest.approx({a: theirs[b] for a, b in OFFICIAL.items() if b in theirs})
    with pytest.raises(KeyError):
        squad_report(predictions, [*questions, question("without a prediction")])


@given(st.lists(st.tuples(PHRASE, PHRASES, SCORE), min_size=1, max_size=8))
def test_no_threshold_is_better_than_the_best_and_its_f1_is_what_it_gives(rows):
    questions = [question(i, *answers) for i, (_, answers, _) in enumerate(rows)]
    predictions = {str(i): text for i, (text, _, _) in enumerate(rows)}
    scores = {str(i): score for i, (_, _, score) in enumerate(rows)}
    threshold, best = squad_metrics.best_threshold(scores, predictions, questions)

    def reached(at):
        given = {key: "" if scores[key] > at else text for key, text in predictions.items()}
        return squad_report(given, questions)["f1"]

    assert reached(threshold) == pytest.approx(best)
    tried = [-np.inf, np.inf, 0.0, *scores.values(), *(score - 1e-6 for score in scores.values())]
    assert max(map(reached, tried)) <= best + 1e-9
    assert np.isfinite(threshold)


def test_a_useful_score_is_cut_between_the_two_kinds_and_equal_ones_are_decided_alike():
    questions = [question("a", "ریو"), question("b"), question("c", "برزیل"), question("d")]
    predictions = {"a": "ریو", "b": "ریو", "c": "برزیل", "d": "برزیل"}
    scores = {"a": -3.0, "b": 2.0, "c": -1.0, "d": 4.0}
    assert squad_metrics.best_threshold(scores, predictions, questions) == (-1.0, 100.0)
    # Of thresholds as good as each other the lowest.
    assert squad_metrics.best_threshold(scores, predictions | {"c": "x"}, questions) == (-3.0, 75.0)
    threshold, best = squad_metrics.best_threshold(
        dict.fromkeys("abcd", 0.0), predictions | {"c": ""}, questions
    )
    assert threshold < 0
    assert best == 50
