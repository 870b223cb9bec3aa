import io

import pytest
from rich.console import Console

from keras_suite.metrics.claims import Claim, Verdict
from keras_suite.runs.claims import claims_table, judged, sound_claims
from keras_suite.runs.results import compare

WHAT = {"model": "A", "protocol": "clean", "split": "test"}


def verdict_of(judge, *measured, **config):
    (found,) = judged([Claim("C1", "A", "It is so.", judge)], compare(measured, []), config)
    return found


def test_a_claim_is_judged_by_the_figures_of_its_model_part_and_group():
    measured = [(WHAT, {"f1": value}) for value in (0.7, 0.8, 0.9)]
    measured += [
        (WHAT | {"split": "train"}, {"f1": 1.0}),
        ({"model": "A", "group": "cost"}, {"s": 5}),
    ]
    asked = {
        (0.7, 0.8, 0.9): lambda of: of("f1", model="A", protocol="clean"),
        (1.0,): lambda of: of("f1", model="A", protocol="clean", split="train"),
        (5,): lambda of: of("s", model="A", group="cost"),
        (): lambda of: of("f1", model="A"),
    }
    for values, ask in asked.items():
        given = []
        verdict_of(
            lambda of, ask=ask, given=given: given.append(ask(of)) or Verdict("holds", ""),
            *measured,
        )
        assert given[0].values == values
    assert (
        verdict_of(lambda of: Verdict("holds", of.config["task"]), task="qqp")["because"] == "qqp"
    )


def test_what_is_kept_is_what_a_person_reads():
    judge = lambda of: of("f1", model="A", protocol="clean").lies(at_least=0.5, seeds=1)  # noqa: E731
    found = verdict_of(judge, (WHAT, {"f1": 0.7}))
    assert found == {
        "name": "C1",
        "source": "A",
        "sentence": "It is so.",
        "answer": "holds",
        "because": "f1 of ‘A, clean’: 0.7, claimed at least 0.5",
    }
    console = Console(file=io.StringIO(), width=100)
    console.print(claims_table([found | {"sentence": "[bold]"}], "SAMPLE DATA: x"))
    assert all(each in console.file.getvalue() for each in ("SAMPLE", "C1", "A: [bold]", "holds"))


@pytest.mark.parametrize("damaged", [[3], [{}], [{"name": "C1"}], ["C1"], [None]])
def test_damaged_records_are_left_out(damaged):
    whole = dict.fromkeys(("name", "source", "sentence", "answer", "because"), "x")
    assert sound_claims([*damaged, whole]) == [whole]
