"""Training on batches of tweets of about the same length against padding all to 128 tokens.

``python benchmarks/text_length_buckets.py [--data-dir FOLDER] [--rounds 20]`` fine-tunes a
classifier on MiniLM (or, where its package is missing, on an untrained BERT of 2 layers, 64 wide)
by Adam: 32 cleaned tweets a step, float32, all weights, dropout as pretrained. Two models of the
same weights take turns, a step each on the same tweets: one gets them as ``TextRows.stream`` gives
them, the other padded to 128 tokens, of which shape it knows nothing else. The batches are drawn
from a whole pass, at regular intervals of width. Prints the share of padding in a pass, tweets per
second, and the largest difference of a logit between the two paddings.
"""

import argparse
import time
from itertools import islice
from pathlib import Path

import numpy as np

Batch = tuple[dict[str, np.ndarray], np.ndarray]

BATCH_SIZE, MAX_LENGTH, LEARNING_RATE, SEED = 32, 128, 2e-5, 0
RATE_RATIO, LOGITS_EQUAL_TO = 2.0, 1e-5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder with the two Constraint_*.csv")
    parser.add_argument("--rounds", type=int, default=20, help="steps of each way")
    return parser.parse_args()


def encoder_here() -> str:
    from keras_suite.data.minilm import NAME, minilm_folder
    from keras_suite.errors import InputError
    from keras_suite.models.encoders import TINY

    try:
        minilm_folder()
    except InputError as error:
        print(f"{error} Until then an untrained BERT stands in.")
        return TINY
    return NAME


def tweet_rows(options: argparse.Namespace, encoder: str):
    from keras_suite.data.length_buckets import TextRows
    from keras_suite.data.tokens import encode
    from keras_suite.models.encoders import tokenizer_for
    from keras_suite.tasks.fake_news.tweets import clean_tweet, load_tweets

    sets = load_tweets(data_dir=options.data_dir)
    print(sets.notice or f"{len(sets.train.texts):,} tweets of {sets.provenance.source}")
    texts = [clean_tweet(text) for text in sets.train.texts]
    tokenizer = tokenizer_for(encoder, texts)
    encoded = encode(tokenizer, [texts], MAX_LENGTH)
    return TextRows(encoded, sets.train.labels, tokenizer.pad_token_id)


def classifier(encoder: str, token_types: bool):
    import keras

    from keras_suite.models.encoders import encoder_for
    from keras_suite.tasks.lora.text_classifier import text_classifier

    keras.utils.set_random_seed(SEED)
    model = text_classifier(encoder_for(encoder, MAX_LENGTH, SEED), 2, token_types)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
    return model


def whole_pass(rows) -> list[Batch]:
    """The batches of a pass that are full."""
    stream = rows.stream(BATCH_SIZE, SEED, first_step=0)
    batches = list(islice(stream, -(-len(rows) // BATCH_SIZE)))
    return [batch for batch in batches if len(batch[1]) == BATCH_SIZE]


def choose(batches: list[Batch], count: int) -> list[Batch]:
    """Draw at regular intervals of width, so that few batches have about the mean width of all."""
    rng = np.random.default_rng(SEED)
    places = (rng.random() + np.arange(count)) * len(batches) / count
    by_width = sorted(batches, key=width)
    return [by_width[int(place)] for place in rng.permutation(places)]


def padded(batch: Batch, pad_id: int) -> Batch:
    """The same tweets, padded to 128 tokens."""
    inputs, labels = batch
    more = (0, 0), (0, MAX_LENGTH - width(batch))
    filled = {name: np.pad(array, more) for name, array in inputs.items()}
    filled["input_ids"] = np.pad(inputs["input_ids"], more, constant_values=pad_id)
    return filled, labels


def width(batch: Batch) -> int:
    return batch[0]["input_ids"].shape[1]


def mean_width(batches: list[Batch]) -> float:
    return float(np.mean([width(batch) for batch in batches]))


def seconds(model, batch: Batch) -> float:
    """Train on a batch."""
    started = time.perf_counter()
    model.train_on_batch(*batch)
    return time.perf_counter() - started


def take_turns(ours, plain, pairs: list[tuple[Batch, Batch]]) -> np.ndarray:
    """Seconds of each step in buckets and at 128 tokens, ``[steps, 2]``."""
    return np.array([(seconds(ours, a), seconds(plain, b)) for a, b in pairs])


def largest_difference(model, pairs: list[tuple[Batch, Batch]]) -> float:
    """Compare the logits of the same tweets."""
    logits = [[model.predict_on_batch(inputs) for inputs, _ in pair] for pair in pairs]
    return max(float(np.abs(a - b).max()) for a, b in logits)


def main() -> None:
    options = arguments()
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    encoder = encoder_here()
    rows = tweet_rows(options, encoder)
    everything = whole_pass(rows)
    buckets = choose(everything, options.rounds)
    pairs = [(batch, padded(batch, rows.pad_id)) for batch in buckets]
    token_types = rows.encoded.token_type_ids is not None
    ours, plain = (classifier(encoder, token_types) for _ in range(2))
    worst = largest_difference(ours, pairs[:5])
    # TensorFlow traces the step for the first width and, at the second, for any.
    by_width = sorted(pairs, key=lambda pair: width(pair[0]))
    take_turns(ours, plain, [by_width[0], by_width[-1]])
    here, there = BATCH_SIZE * options.rounds / take_turns(ours, plain, pairs).sum(axis=0)
    masks = [inputs["attention_mask"] for inputs, _ in everything]
    tokens, most = sum(map(np.sum, masks)), len(everything) * BATCH_SIZE * MAX_LENGTH
    in_buckets = 1 - tokens / sum(map(np.size, masks))
    print(f"{encoder}, tweets of {rows.encoded.lengths.mean():.1f} tokens; padding in a pass:")
    print(f"  {in_buckets:.1%} in buckets, {1 - tokens / most:.1%} at {MAX_LENGTH} tokens")
    print(f"training on {options.rounds} batches of {BATCH_SIZE}, drawn from {len(everything):,}:")
    print(f"  mean width {mean_width(buckets):.1f} (of all {mean_width(everything):.1f})")
    print(f"  {here:.1f} tweets/s in buckets, {there:.1f} at {MAX_LENGTH} tokens")
    print(f"  ratio {here / there:.2f} (at least {RATE_RATIO} is wanted)")
    print(f"largest difference of a logit {worst:.1e} (at most {LOGITS_EQUAL_TO} is wanted)")


if __name__ == "__main__":
    main()
