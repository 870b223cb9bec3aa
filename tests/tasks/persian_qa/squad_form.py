"""Small questions, in the form of SQuAD version 2 and as objects, for the tests."""

import gzip
import json

from keras_suite.tasks.persian_qa.pquad import Answer, Question


def ask(context: str, answer: str = "", text: str = "کتاب", name: str = "q") -> Question:
    """A question whose answer, where there is one, is looked up in the context."""
    answers = (Answer(answer, context.index(answer)),) if answer else ()
    return Question(name, text, context, answers, "t")


def qa(name: str, text: str, context: str, *answers: str) -> dict:
    """A question whose answers are looked up in the context."""
    places = [{"text": answer, "answer_start": context.index(answer)} for answer in answers]
    return {"id": name, "question": text, "answers": places, "is_impossible": not answers}


def article(title: str, context: str, *qas: dict) -> dict:
    return {"title": title, "paragraphs": [{"context": context, "qas": list(qas)}]}


def articles(count: int, prefix: str = "") -> list[dict]:
    """As many articles of two questions each, the second one unanswerable."""
    made = []
    for i in range(count):
        context = f"{prefix}شهر شمارهٔ {i} در سال ۱۳{i:02} ساخته شد."
        asked = qa(f"{prefix}{i}-a", "در چه سالی؟", context, f"۱۳{i:02}", f"سال ۱۳{i:02}")
        made.append(article(f"{prefix}{i}", context, asked, qa(f"{prefix}{i}-b", "چرا؟", context)))
    return made


def write(path, data: list[dict]):
    """Write a file, packed where its name ends with .gz."""
    content = json.dumps({"version": "1", "data": data}, ensure_ascii=False).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path
