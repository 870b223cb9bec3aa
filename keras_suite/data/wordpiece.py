"""A tokenizer made from the texts at hand, where no pretrained one is to be had."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpiece_of(texts: Iterable[str], vocab_size: int) -> "PreTrainedTokenizerFast":
    """Make a tokenizer as BERT's is (lower case, [CLS] first [SEP] second [SEP]) from texts.

    It knows their most frequent words and spells all others in letters, with ``vocab_size`` tokens
    at most, special ones and letters included. The same texts give the same token ids, which the
    trainers of ``tokenizers`` do not.
    """
    from tokenizers.implementations import BertWordPieceTokenizer
    from tokenizers.normalizers import BertNormalizer
    from transformers import BertTokenizerFast

    normalized = map(BertNormalizer(lowercase=True).normalize_str, texts)
    words = Counter(word for text in normalized for word in re.findall(r"\w+|[^\w\s]", text))
    letters = sorted({letter for word in words for letter in word})
    by_frequency = sorted(words, key=lambda word: (-words[word], word))
    tokens = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *by_frequency]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens)) if i < vocab_size}
    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)
    return BertTokenizerFast(tokenizer_object=tokenizer._tokenizer, do_lower_case=True)
