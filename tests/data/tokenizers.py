"""Small tokenizers of the three families, made from the texts at hand."""

import tokenizers as tk
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from transformers import AlbertTokenizerFast, RobertaTokenizerFast

from keras_suite.data.wordpiece import wordpiece_of


def sentencepiece_of(texts, vocab_size=60):
    """A tokenizer as ALBERT's is; spaces belong to the words behind them."""
    letters = sorted({letter for text in texts for letter in text} - {" "})
    words = sorted({word for text in texts for word in text.split()})
    pieces = [("<pad>", 0.0), ("<unk>", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[MASK]", 0.0)]
    pieces += [("\u2581", -5.0), *((letter, -9.0) for letter in letters)]
    pieces += [(f"\u2581{word}", -3.0) for word in words[::2]]
    tokenizer = tk.Tokenizer(models.Unigram(pieces[: vocab_size + 40], unk_id=1))
    tokenizer.normalizer = normalizers.Replace("\u200c", "")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return AlbertTokenizerFast(tokenizer_object=tokenizer)


def byte_level_of(texts):
    """A tokenizer as RoBERTa's is; most letters outside English are several tokens."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters]
    tokenizer = tk.Tokenizer(models.BPE({token: i for i, token in enumerate(vocabulary)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return RobertaTokenizerFast(tokenizer_object=tokenizer)


TOKENIZERS = {
    "wordpiece": lambda texts: wordpiece_of(texts, 60),
    "sentencepiece": sentencepiece_of,
    "byte-level": byte_level_of,
}
