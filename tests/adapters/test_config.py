import pytest

from keras_suite.adapters.config import LoRAConfig

QUERIES, KEYS, VALUES = (
    [f"roberta.encoder.layer.{i}.attention.self.{name}" for i in range(3)]
    for name in ("query", "key", "value")
)
DENSE = [f"roberta.encoder.layer.{i}.output.dense" for i in range(3)]
PATHS = [*QUERIES, *KEYS, *VALUES, *DENSE, "classifier.dense"]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"target_modules": ("query",)}, QUERIES),  # the end of a path
        ({"target_modules": ("classifier.dense",)}, ["classifier.dense"]),
        ({"target_modules": r".*layer\.[01]\..*(key|value)"}, [*KEYS[:2], *VALUES[:2]]),  # a whole
        ({"target_modules": ("query",), "layers_to_transform": (2,)}, QUERIES[2:]),
    ],
)
def test_targets_are_the_ends_of_paths_or_whole_ones_in_some_layers(options, chosen):
    assert list(LoRAConfig(**options).choose(PATHS)) == chosen


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"target_modules": ("uery",)}, "uery matches no dense layer"),
        ({"target_modules": "query"}, "matches no dense layer"),
        ({"layers_to_transform": (0, 7)}, r"There is no layer 7; there are \[0, 1, 2\]"),
        ({"rank_pattern": {"key": 2}}, "rank pattern 'key' matches none of query"),
        ({"rank_pattern": {"uery": 2}}, "rank pattern 'uery' matches none of query"),
        (
            {"target_modules": ("query", "qury")},
            r"qury matches no dense layer; there are query \(as .*layer.0.*\), key .*, value .*, "
            r"dense \(as roberta.encoder.layer.0.output.dense\)",
        ),
    ],
)
def test_what_matches_nothing_is_named_with_what_there_is(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        LoRAConfig(**options).choose(PATHS)


def test_a_rank_pattern_gives_some_targets_another_rank():
    config = LoRAConfig(r=8, rank_pattern={r"layer\.1\..*\.query": 2, "value": 4})
    ranks = {path: each["r"] for path, each in config.choose(PATHS).items()}
    assert ranks.pop("roberta.encoder.layer.1.attention.self.query") == 2
    assert all(rank == (4 if path.endswith("value") else 8) for path, rank in ranks.items())


def test_every_target_has_its_own_seed():
    seeds = [each["seed"] for each in LoRAConfig(seed=5).choose(PATHS).values()]
    assert len(set(seeds)) == len(seeds) == 6
