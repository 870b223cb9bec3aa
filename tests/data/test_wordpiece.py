from keras_suite.data.wordpiece import SPECIAL, wordpiece_of

TEXTS = ["How old is Rome?", "Is Rome older than Oslo?", "How far is Oslo?"]


def test_frequent_words_are_whole_and_others_are_spelt():
    tokenizer = wordpiece_of(TEXTS, 60)
    assert tokenizer.get_vocab() == wordpiece_of(TEXTS, 60).get_vocab()
    assert tokenizer.tokenize("Is Oslo rome?") == ["is", "oslo", "rome", "?"]
    assert tokenizer.tokenize("Moss") == ["m", "##o", "##s", "##s"]
    assert tokenizer.tokenize("quiz") == ["[UNK]"]
    assert tokenizer.pad_token_id == 0
    accents = wordpiece_of(["آب و آب, Café"], 100)  # are counted as they are written
    assert accents.tokenize("آب café") == ["اب", "cafe"]


def test_the_vocabulary_has_the_size_asked_for_at_most_with_the_most_frequent_words():
    tokenizer = wordpiece_of(["no yes yes"], 16)
    vocabulary = tokenizer.get_vocab()
    assert sorted(vocabulary.values()) == list(range(16))
    assert set(SPECIAL) <= set(vocabulary)
    assert tokenizer.tokenize("yes no") == ["yes", "n", "##o"]
