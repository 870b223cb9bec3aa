"""Training on questions in length buckets against windows that are all padded to 512 tokens.

``python benchmarks/qa_length_buckets.py [--data-dir FOLDER] [--rounds 24]`` cuts PQuAD's questions
into windows of 512 tokens at most (WordPiece of the 30,000 most frequent words, stride 128), and
trains a BERT of 4 layers, 256 wide, on batches of 16 drawn evenly by width from a pass over the
length buckets: each batch as it is and padded to 512 tokens, in turns, with the recipe of
experiments/persian_qa.py. Prints

1. examples a second of both and their ratio, the median of all pairs of steps beside it;
2. the largest difference of a logit and of a batch's loss between the two, without dropout.
"""

import argparse
import statistics
import time
from itertools import islice
from pathlib import Path

import numpy as np

Batch = tuple[dict[str, np.ndarray], np.ndarray]

BATCH_SIZE, MAX_LENGTH, STRIDE, VOCABULARY = 16, 512, 128, 30_000
BERT = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4}
WARM_UP, COMPARED = 3, 8
WANTED_RATIO, EQUAL_TO = 1.7, 1e-5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder of PQuAD's files; else the sample")
    parser.add_argument("--rounds", type=int, default=24, help="training steps of each way")
    return parser.parse_args()


def read_windows(data_dir: Path | None):
    from keras_suite.data.wordpiece import wordpiece_of
    from keras_suite.tasks.persian_qa.pquad import load_questions
    from keras_suite.tasks.persian_qa.windows import make_windows

    questions = load_questions("real" if data_dir else "sample", data_dir)
    print(questions.notice or questions.provenance.source)
    texts = sorted({each.context for each in questions.train})
    tokenizer = wordpiece_of(texts, VOCABULARY)
    return make_windows(questions.train, tokenizer, MAX_LENGTH, STRIDE)


def build(steps_per_epoch: int):
    import keras
    from transformers import BertConfig
    from transformers.models.bert.modeling_tf_bert import TFBertMainLayer

    from keras_suite.layers.adopted import Adopted
    from keras_suite.tasks.persian_qa.span_qa import span_loss, span_optimizer, span_qa

    keras.utils.set_random_seed(0)
    config = BertConfig(**BERT, intermediate_size=1024, vocab_size=VOCABULARY)
    arguments = {"add_pooling_layer": False}
    module = TFBertMainLayer(config, **arguments, name="bert")
    encoder = Adopted(module, "last_hidden_state", arguments)
    model = span_qa(encoder, dropout=0.2, token_types=True)
    model.compile(span_optimizer(model, 5e-5, 0.1, steps_per_epoch), span_loss)
    return model


def choose(batches: list[Batch], count: int) -> list[Batch]:
    """Draw at regular intervals of width, so that few batches have about the mean width of all."""
    rng = np.random.default_rng(0)
    places = (rng.random() + np.arange(count)) * len(batches) / count
    by_width = sorted(batches, key=width)
    return [by_width[int(place)] for place in rng.permutation(places)]


def width(batch: Batch) -> int:
    return batch[0]["input_ids"].shape[1]


def padded(batch: Batch) -> Batch:
    """The same windows, padded to 512 tokens; the tokenizer's padding is 0."""
    inputs, labels = batch
    more = (0, 0), (0, MAX_LENGTH - width(batch))
    return {name: np.pad(array, more) for name, array in inputs.items()}, labels


def seconds(model, batch: Batch) -> float:
    """Train on a batch."""
    started = time.perf_counter()
    model.train_on_batch(*batch)
    return time.perf_counter() - started


def compare_speed(model, batches: list[Batch]) -> None:
    measured = []
    for turn, batch in enumerate(batches):
        ways = [batch, padded(batch)]
        order = [0, 1] if turn % 2 else [1, 0]
        taken = {way: seconds(model, ways[way]) for way in order}
        measured.append((taken[0], taken[1]))
    examples = sum(len(labels) for _, labels in batches)
    buckets, whole = examples / np.sum(measured, axis=0)
    print(f"training on {len(batches)} batches of {BATCH_SIZE}, a step each in turns:")
    print(f"  length buckets {buckets:.1f} examples/s, {MAX_LENGTH} tokens {whole:.1f} examples/s")
    print(f"  ratio {buckets / whole:.2f} (at least {WANTED_RATIO} is wanted)")
    ratios = [there / here for here, there in measured]
    print(f"  median ratio of a pair of steps {statistics.median(ratios):.2f}", flush=True)


def compare_results(model, batches: list[Batch]) -> None:
    from keras_suite.tasks.persian_qa.span_qa import span_loss

    logit, loss = 0.0, 0.0
    for batch in batches:
        outputs = [model.predict_on_batch(way[0]) for way in (batch, padded(batch))]
        is_token = batch[0]["attention_mask"] == 1
        here, there = (each[:, : width(batch)][is_token] for each in outputs)
        logit = max(logit, float(np.abs(here - there).max()))
        here, there = (float(np.mean(span_loss(batch[1], each))) for each in outputs)
        loss = max(loss, abs(here - there))
    print(f"largest difference of a logit {logit:.1e}, of a loss {loss:.1e} (at most {EQUAL_TO})")


def main() -> None:
    options = arguments()
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    windows = read_windows(options.data_dir)
    steps = -(-len(windows) // BATCH_SIZE)
    every = list(islice(windows.stream(BATCH_SIZE, seed=0, first_step=0), steps))
    mean = statistics.mean(map(width, every))
    print(f"{len(windows):,} windows; mean width of a batch in buckets {mean:.1f} tokens")
    model, batches = build(steps), choose(every, options.rounds)
    # TensorFlow traces the step for the first width and, at the second, for any.
    for batch in choose(every, WARM_UP):
        seconds(model, batch)
        seconds(model, padded(batch))
    compare_speed(model, batches)
    compare_results(model, batches[:COMPARED])


if __name__ == "__main__":
    main()
