import pytest

from keras_suite.adapters.config import LoRAConfig

PATHS = [
    *(
        f"roberta.encoder.layer.{i}.attention.self.{name}"
        for i in range(3)
        for name in ("query", "key", "value")
    ),
    *(f"roberta.encoder.layer.{i}.output.dense" for i in range(3)),
    "classifier.dense",
]


def test_a_target_is_the_end_of_a_path():
    chosen = LoRAConfig(target_modules=("query",)).choose(PATHS)
    assert list(chosen) == [p for p in PATHS if p.endswith(".query")]
    assert list(LoRAConfig(target_modules=("classifier.dense",)).choose(PATHS)) == [
        "classifier.dense"
    ]
    with pytest.raises(ValueError, match="uery matches no dense layer"):
        LoRAConfig(target_modules=("uery",)).choose(PATHS)


def test_one_regular_expression_is_for_whole_paths():
    chosen = LoRAConfig(target_modules=r".*layer\.[01]\..*(key|value)").choose(PATHS)
    assert list(chosen) == [
        f"roberta.encoder.layer.{i}.attention.self.{n}" for i in (0, 1) for n in ("key", "value")
    ]
    with pytest.raises(ValueError, match="matches no dense layer"):
        LoRAConfig(target_modules="query").choose(PATHS)


def test_layers_limit_the_targets_to_numbered_layers():
    chosen = LoRAConfig(target_modules=("query",), layers_to_transform=(2,)).choose(PATHS)
    assert list(chosen) == ["roberta.encoder.layer.2.attention.self.query"]
    with pytest.raises(ValueError, match=r"There is no layer 7; there are \[0, 1, 2\]"):
        LoRAConfig(layers_to_transform=(0, 7)).choose(PATHS)


def test_a_rank_pattern_gives_some_targets_another_rank():
    config = LoRAConfig(r=8, rank_pattern={r"layer\.1\..*\.query": 2, "value": 4})
    ranks = {path: each["r"] for path, each in config.choose(PATHS).items()}
    assert ranks.pop("roberta.encoder.layer.1.attention.self.query") == 2
    assert all(rank == (4 if path.endswith("value") else 8) for path, rank in ranks.items())
    with pytest.raises(ValueError, match="rank pattern 'key' matches none of query"):
        LoRAConfig(rank_pattern={"key": 2}).choose(PATHS)


def test_every_target_has_its_own_seed():
    seeds = [each["seed"] for each in LoRAConfig(seed=5).choose(PATHS).values()]
    assert len(set(seeds)) == len(seeds) == 6


def test_a_target_that_matches_nothing_is_named_with_all_names_there_are():
    sentence = (
        r"qury matches no dense layer; there are query \(as roberta.encoder.layer.0.*\), key .*, "
        r"value .*, dense \(as roberta.encoder.layer.0.output.dense\)"
    )
    with pytest.raises(ValueError, match=sentence):
        LoRAConfig(target_modules=("query", "qury")).choose(PATHS)
