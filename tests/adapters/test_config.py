from dataclasses import replace

import pytest

from keras_suite.adapters.config import LoRAConfig
from tests.data.refusals import refused

QUERIES, KEYS, VALUES = (
    [f"roberta.encoder.layer.{i}.attention.self.{name}" for i in range(3)]
    for name in ("query", "key", "value")
)
DENSE = [f"roberta.encoder.layer.{i}.output.dense" for i in range(3)]
PATHS = [*QUERIES, *KEYS, *VALUES, *DENSE, "classifier.dense"]
TARGETS = [
    ({"target_modules": ("query",)}, QUERIES),  # the end of a path
    ({"target_modules": ("classifier.dense",)}, ["classifier.dense"]),
    ({"target_modules": r".*layer\.[01]\..*(key|value)"}, [*KEYS[:2], *VALUES[:2]]),  # a whole
    ({"target_modules": ("query",), "layers_to_transform": (2,)}, QUERIES[2:]),
    ({"target_modules": "All-Linear"}, PATHS),
    ({"target_modules": "all-linear", "modules_to_save": ("classifier",)}, PATHS[:-1]),
    ({"target_modules": ("dense",), "modules_to_save": ("classifier",)}, DENSE),
    ({"target_modules": ("dense",), "modules_to_save": ("classifier.dense",)}, DENSE),
    (
        {"target_modules": ("key", "query"), "exclude_modules": ("0.attention.self.key", "query")},
        KEYS[1:],
    ),
    ({"target_modules": ("key",), "exclude_modules": r".*[02]\..*"}, KEYS[1:2]),
]
THERE_ARE = r"query \(as .*layer.0.*\), key .*, value .*, dense \(as .*layer.0.output.dense\)"
TO_UPDATE = r"target_modules \(.*\) matches no dense layer to update"
UNMATCHED = [
    ({"target_modules": ("query", "qury")}, f"qury matches no dense layer; there are {THERE_ARE}"),
    ({"target_modules": ("uery",)}, "uery matches no dense layer"),
    ({"target_modules": "query"}, "matches no dense layer"),
    ({"layers_to_transform": (0, 7)}, r"There is no layer 7; there are \[0, 1, 2\]"),
    ({"rank_pattern": {"key": 2}}, "rank pattern 'key' matches none of query"),
    ({"rank_pattern": {"uery": 2}}, "rank pattern 'uery' matches none of query"),
    ({"alpha_pattern": {"key": 2}}, "alpha pattern 'key' matches none of query"),
    ({"target_modules": ("classifier.dense",), "modules_to_save": ("classifier",)}, TO_UPDATE),
    ({"target_modules": ("key",), "exclude_modules": ("key",)}, TO_UPDATE),
    ({"target_modules": ()}, TO_UPDATE),
    ({"target_modules": "(([a-z0-9._])+)+!"}, "takes too long to match: list names instead"),
    ({"rank_pattern": {"(([a-z0-9._])+)+!": 2}}, "takes too long to match: list names instead"),
    ({"target_modules": "(query"}, r"'\(query' cannot be matched \(.*unterminated subpattern"),
    ({"target_modules": "(" * 5000}, r"cannot be matched \("),
    ({"alpha_pattern": {"[\x1b": 2}}, r"'\(\.\*\\\\\.\)\?\(\[\\x1b\)' cannot be matched"),
]
NOT_SUCH = [
    ("r", "8"), ("r", 8.5), ("r", 10**12), ("lora_alpha", "16"), ("lora_alpha", float("nan")),
    ("lora_dropout", None), ("target_modules", None), ("target_modules", ["query"]),
    ("target_modules", (1,)), ("exclude_modules", 3), ("layers_to_transform", ("1",)),
    ("rank_pattern", ["query"]), ("rank_pattern", {"query": "2"}), ("alpha_pattern", {"q": 1e99}),
    ("modules_to_save", "classifier"), ("use_rslora", "yes"), ("seed", 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("options", "chosen"), TARGETS)
def test_targets_are_the_ends_of_paths_or_whole_ones_in_some_layers(options, chosen):
    assert list(LoRAConfig(**options).choose(PATHS)) == chosen


@pytest.mark.parametrize(("options", "sentence"), UNMATCHED)
def test_what_matches_nothing_is_named_with_what_there_is(options, sentence):
    with refused(sentence):
        LoRAConfig(**options).choose(PATHS)


@pytest.mark.parametrize(("name", "value"), NOT_SUCH)
def test_a_field_of_another_type_is_named(name, value):
    with refused(f"{name} must be of type|Ranks and lora_alpha must be below"):
        LoRAConfig(**{name: value})


def test_the_indices_of_layers_go_with_names_alone_as_in_peft():
    with refused("layers_to_transform goes with target_modules by their names only"):
        LoRAConfig(target_modules=".*query", layers_to_transform=(1,))


def test_what_matches_nothing_is_let_go_by_where_something_else_matches():
    patterns = {"rank_pattern": {"nowhere": 2}, "alpha_pattern": {"nowhere": 2}}
    config = LoRAConfig(target_modules=("query", "qury"), layers_to_transform=(0, 7), **patterns)
    assert list(config.choose(PATHS, strict=False)) == QUERIES[:1]
    with refused(TO_UPDATE):
        LoRAConfig(target_modules=("qury",)).choose(PATHS, strict=False)


def test_the_first_pattern_that_matches_decides_and_every_update_has_its_own_seed():
    ranks, alphas = {r"layer\.1\..*\.query": 2, "query": 3, "value": 4}, {"value|query": 5.0}
    config = LoRAConfig(r=8, rank_pattern=ranks, alpha_pattern=alphas, seed=5)
    config = replace(config, target_modules=("query", "key", "value"))
    chosen = config.choose(PATHS)
    assert len({each["seed"] for each in chosen.values()}) == len(chosen) == 9
    assert [chosen[path]["r"] for path in QUERIES] == [3, 2, 3]
    assert {chosen[path]["r"] for path in KEYS} == {8}
    assert {chosen[path]["r"] for path in VALUES} == {4}
    assert [chosen[p[0]]["lora_alpha"] for p in (QUERIES, KEYS, VALUES)] == [5, 16, 5]
