from keras_suite.data.wordpiece import SPECIAL, wordpiece_of

TEXTS = ["How old is Rome?", "Is Rome older than Oslo?", "How far is Oslo?"]


def test_the_same_texts_give_the_same_tokens():
    first, second = (wordpiece_of(TEXTS, 60) for _ in range(2))
    assert first.get_vocab() == second.get_vocab()
    assert first(TEXTS, TEXTS)["input_ids"] == second(TEXTS, TEXTS)["input_ids"]


def test_frequent_words_are_whole_and_others_are_spelt():
    tokenizer = wordpiece_of(TEXTS, 60)
    assert tokenizer.tokenize("Is Oslo rome?") == ["is", "oslo", "rome", "?"]
    assert tokenizer.tokenize("Moss") == ["m", "##o", "##s", "##s"]
    assert tokenizer.tokenize("quiz") == ["[UNK]"]


def test_pairs_have_the_marks_of_bert():
    tokenizer = wordpiece_of(TEXTS, 60)
    encoded = tokenizer("Rome", "Oslo")
    tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    assert tokens == ["[CLS]", "rome", "[SEP]", "oslo", "[SEP]"]
    assert encoded["token_type_ids"] == [0, 0, 0, 1, 1]
    assert tokenizer.pad_token_id == 0


def test_the_vocabulary_has_the_size_asked_for_at_most():
    assert len(wordpiece_of(TEXTS, 40)) == 40
    assert list(wordpiece_of(TEXTS, 40).get_vocab().values()).count(0) == 1
    assert set(SPECIAL) <= set(wordpiece_of(TEXTS, 40).get_vocab())


def test_words_are_counted_as_the_tokenizer_writes_them():
    tokenizer = wordpiece_of(["آب و آب, Café"], 100)
    assert tokenizer.tokenize("آب café") == ["اب", "cafe"]
