"""Persian texts and questions made from templates, for machines without a network.

Every text tells a few facts of two things of one kind (libraries, people or villages), whose names
are invented. Two of the five facts one can ask for are left out, so a question without an answer
often meets a fitting stretch of the text that belongs to the other thing.
"""

import numpy as np

SOURCE = "templated Persian questions, generated"
QUESTIONS_PER_TEXT = 6
FACTS_TOLD = 3  # of each of the two things

CITIES = ["تهران", "اصفهان", "شیراز", "تبریز", "مشهد", "یزد", "کرمان", "رشت", "همدان", "اهواز"]
PROVINCES = ["گیلان", "مازندران", "فارس", "خراسان", "کردستان", "لرستان", "سمنان", "بوشهر"]
YEARS = ["۱۲۸۵", "۱۲۹۸", "۱۳۰۴", "۱۳۱۳", "۱۳۲۷", "۱۳۳۶", "۱۳۴۵", "۱۳۵۲"]
NUMBERS = ["۲۴۰", "۳۱۵", "۴۸۰", "۷۲۰", "۱۲۵۰", "۱۶۰۰", "۲۳۰۰", "۴۵۰۰"]
PEOPLE = ["مریم کاویانی", "بهرام رستگار", "سیمین آذرنوش", "کامران نیک‌پی", "پروین مهرگان"]
PEOPLE += ["داریوش فرهمند", "لیلا شکیبا", "ناصر گل‌محمدی", "شهلا بهارلو", "فرهاد سپهری"]
RIVERS = ["زرین‌رود", "سپیدآب", "شاه‌رود", "گرم‌رود", "چشمه‌کبود", "سنگ‌آب"]
CROPS = ["زعفران", "برنج", "انار", "گردو", "چای", "پسته", "گندم", "نخود"]
TRADES = ["نجاری", "معلمی", "باغبانی", "خیاطی", "کتاب‌فروشی", "آهنگری", "عکاسی", "پرستاری"]
BOOKS = ["شب‌های بلند", "باغ انار", "راه کوهستان", "آینه و آب", "چراغ خاموش", "نامه‌های پاییز"]
LIBRARY_NAMES = ["نیلوفر", "سپیده", "آفتاب", "ارغوان", "باران", "چکاوک", "مهتاب", "کیمیا"]
VILLAGE_NAMES = ["سرخ‌دره", "گل‌تپه", "ده‌نو", "سنگ‌سفید", "آب‌بخش", "کبودان", "سروستانک", "بادله"]

# Three lines a fact: a longer form of the answer that every wording holds too, the wordings of a
# sentence, and those of a question.
LIBRARIES = """
شهر {value}
{name} در شهر {value} قرار دارد. | ساختمان {name} در شهر {value} است.
{name} در کدام شهر قرار دارد؟ | ساختمان {name} کجاست؟
سال {value}
{name} در سال {value} ساخته شد. | ساخت {name} در سال {value} به پایان رسید.
{name} در چه سالی ساخته شد؟ | ساخت {name} چه سالی به پایان رسید؟
{value}
معمار {name} {value} بود. | نقشهٔ {name} را {value} کشید.
معمار {name} چه کسی بود؟ | نقشهٔ {name} را چه کسی کشید؟
{value}
رئیس {name} {value} است. | امروز {value} {name} را اداره می‌کند.
رئیس {name} کیست؟ | امروز چه کسی {name} را اداره می‌کند؟
{value} جلد کتاب
{name} {value} جلد کتاب دارد. | در {name} {value} جلد کتاب نگهداری می‌شود.
{name} چند جلد کتاب دارد؟ | شمار کتاب‌های {name} چقدر است؟
"""
LIVES = """
شهر {value}
{name} در شهر {value} به دنیا آمد. | زادگاه {name} شهر {value} است.
{name} در کدام شهر به دنیا آمد؟ | زادگاه {name} کجاست؟
سال {value}
{name} در سال {value} زاده شد. | تولد {name} در سال {value} بود.
{name} در چه سالی زاده شد؟ | تولد {name} چه سالی بود؟
{value}
پیشهٔ {name} {value} بود. | {name} سال‌ها به {value} مشغول بود.
پیشهٔ {name} چه بود؟ | {name} سال‌ها به چه کاری مشغول بود؟
«{value}»
{name} کتاب «{value}» را نوشت. | نام کتاب {name} «{value}» است.
{name} چه کتابی نوشت؟ | نام کتاب {name} چیست؟
{value} شاگرد
{name} در زندگی خود {value} شاگرد داشت. | از {name} {value} شاگرد به جا ماند.
{name} چند شاگرد داشت؟ | شمار شاگردان {name} چقدر بود؟
"""
VILLAGES = """
استان {value}
{name} در استان {value} است. | {name} از روستاهای استان {value} به شمار می‌رود.
{name} در کدام استان است؟ | {name} از روستاهای کدام استان به شمار می‌رود؟
{value} نفر
{name} {value} نفر جمعیت دارد. | جمعیت {name} {value} نفر است.
{name} چند نفر جمعیت دارد؟ | جمعیت {name} چقدر است؟
{value}
محصول اصلی {name} {value} است. | مردم {name} بیشتر {value} می‌کارند.
محصول اصلی {name} چیست؟ | مردم {name} بیشتر چه می‌کارند؟
رودخانهٔ {value}
رودخانهٔ {value} از کنار {name} می‌گذرد. | آب {name} از رودخانهٔ {value} می‌آید.
کدام رودخانه از کنار {name} می‌گذرد؟ | آب {name} از کدام رودخانه می‌آید؟
{value} متر
{name} {value} متر از سطح دریا بالاتر است. | بلندی {name} {value} متر است.
{name} چند متر از سطح دریا بالاتر است؟ | بلندی {name} چقدر است؟
"""
# What names of a kind begin with and go on with, the values of its facts, and their lines.
KINDS = [
    ("کتابخانهٔ ", LIBRARY_NAMES, [CITIES, YEARS, PEOPLE, PEOPLE, NUMBERS], LIBRARIES),
    ("", PEOPLE, [CITIES, YEARS, TRADES, BOOKS, NUMBERS], LIVES),
    ("روستای ", VILLAGE_NAMES, [PROVINCES, NUMBERS, CROPS, RIVERS, NUMBERS], VILLAGES),
]
# Put before and between facts at random, so that lengths differ as they do in real texts.
FILLERS = [
    "این نوشته از دفتر یک گردشگر برداشته شده است.",
    "دربارهٔ این موضوع مقاله‌های زیادی در روزنامه‌های محلی چاپ شده است، اما بیشتر آن‌ها کوتاه هستند.",
    "بسیاری از این یادداشت‌ها را مردم همان منطقه گردآوری کرده‌اند.",
    "هوا در بهار خنک و در تابستان گرم است.",
]


def draw_articles(texts: int, seed: int = 0) -> list[dict]:
    """Draw up to a few thousand distinct texts with six questions each.

    One or two of the six have no answer in turn, and the same seed gives the same texts.

    Returns:
        Articles of one text each, in the form of a SQuAD version 2 file's ``data``.
    """
    rng = np.random.default_rng(seed)
    drawn: dict[str, dict] = {}  # by text, in the order drawn
    while len(drawn) < texts:
        article = _article(len(drawn), rng)
        drawn.setdefault(article["paragraphs"][0]["context"], article)
    return list(drawn.values())


def _article(number: int, rng: np.random.Generator) -> dict:
    kind, names, values, text = KINDS[number % 3]
    lines = text.strip().splitlines()
    facts = list(zip(values, lines[::3], lines[1::3], lines[2::3], strict=True))
    pair = [kind + name for name in _pick(names, 2, rng)]
    told, untold, used = [], [], set(pair)  # no value stands in the text twice
    for name in pair:
        order = _pick(facts, len(facts), rng)
        for values, *wordings in order[:FACTS_TOLD]:
            value = next(each for each in _pick(values, len(values), rng) if each not in used)
            used.add(value)
            told.append((name, value, *wordings))
        untold += [(name, questions, []) for *_, questions in order[FACTS_TOLD:]]
    context, answered = _text(told, rng)
    unanswerable = 1 + number // 3 % 2
    answerable = _pick(answered, QUESTIONS_PER_TEXT - unanswerable, rng)
    qas = [_question(*fact, rng) for fact in answerable]
    qas += [_question(*fact, rng) for fact in _pick(untold, unanswerable, rng)]
    qas = [qa | {"id": f"sample-{number}-{i}"} for i, qa in enumerate(qas)]
    return {"title": " و ".join(pair), "paragraphs": [{"context": context, "qas": qas}]}


def _text(told: list[tuple], rng: np.random.Generator) -> tuple[str, list[tuple]]:
    """Return the text, and name, wordings of the question and answers of each fact."""
    context, answered = "", []
    for name, value, longer, sentences, questions in told:
        if rng.random() < 0.3:
            context += _pick(FILLERS, 1, rng)[0] + " "
        before, after = _wording(sentences, name, rng).split("{value}")
        start = len(context) + len(before)
        context += before + value + after + " "
        answers = [{"text": value, "answer_start": start}]
        if longer != "{value}":
            place = start - longer.index("{value}")
            answers.append({"text": longer.format(value=value), "answer_start": place})
        answered.append((name, questions, answers))
    return context.rstrip(), answered


def _question(name: str, wordings: str, answers: list[dict], rng: np.random.Generator) -> dict:
    text = _wording(wordings, name, rng)
    return {"question": text, "answers": answers, "is_impossible": not answers}


def _wording(wordings: str, name: str, rng: np.random.Generator) -> str:
    return _pick(wordings.split(" | "), 1, rng)[0].replace("{name}", name)


def _pick(things: list, count: int, rng: np.random.Generator) -> list:
    """Pick ``count`` different ones of ``things``."""
    return [things[i] for i in rng.permutation(len(things))[:count]]
