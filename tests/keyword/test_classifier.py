"""Which texts are words, and which are expressions?"""

from __future__ import annotations

import pytest

from searchkit.keyword.analysis.analyzer import Analyzer
from searchkit.keyword.query.ast import Maybe
from searchkit.keyword.query.classifier import classify
from searchkit.keyword.query.parser import ParsedQuery, parse
from searchkit.types import Syntax

FIELDS = ("price", "section", "pages", "year", "rating", "Desk")

EXPRESSIONS = """
source:reuters
source:"Harbor Ledger"
source:"Harbor Ledger" oil
oil source:reuters
oil prices source:reuters language:en
language:es
language:es petróleo
tag:energy
tag:energy tag:oil
+tag:energy +tag:oil
+tag:energy oil
oil +tag:energy
oil -tag:energy
-tag:energy
author:"Ana Ruiz"
author:"Ana Ruiz" published:2025
published:2025-10
published:2025-10 missile
published:[2025-01 TO 2025-06]
published:[2025-01-01 TO 2025-06-30] drone strike
published:>2025-06-30
published:>=2025
published:<2024
published:2025-01..2025-06
price:[10 TO 60]
price:[10 TO *]
price:{10 TO 60}
price:>10
protest price:[10 TO 60]
pages:[1 TO 3]
year:2025
year:2025 elections
rating:5 hotel
Desk:world
section:opinion climate
source:(reuters OR bbc)
source:(reuters OR bbc) oil
tag:a OR tag:b
tag:a AND tag:b
tag:a AND NOT tag:b
(tag:a AND oil) OR gas
oil AND tag:energy
oil OR tag:energy
NOT tag:energy
oil NOT tag:energy
NOT source:reuters
(tag:a OR tag:b) AND oil
Who sold the missiles to Caracas? source:reuters
What did he mean by "strategic ambiguity doctrine"? source:reuters
title:missile
title:"air base"
title:miss*
title:missile oil
title:(missile OR rocket)
-title:missile oil
+title:missile oil
title:missile NOT "North Korea"
title:missile AND oil
oil title:gas
Title:missile
title:Ukraine drone strike
"air defense"
"air defence"~3
"air defence"~3 ukraine
"Nord Stream"
“Nord Stream”
„Nord Stream“
«Nord Stream»
"missiles"
"port authority"
"customs"
"climate change" "carbon tax"
"to be or not to be"
"to be or not to be" hamlet
"Just Stop Oil"
"air defence" AND missile
"air defence" OR "missile defence"
"air defence" AND "missile defence"
"air defence" NOT missile
missile NOT "North Korea"
missile AND NOT "North Korea"
+"air defence"
+"air defence" ukraine
-"North Korea" missile
missile -"North Korea"
missile +"North Korea"
Venezuela AND missile
Venezuela AND (missile OR rocket)
Venezuela OR Colombia
missile OR rocket
missile OR rocket OR drone
missile AND rocket AND drone
missile AND rocket OR drone
(missile OR rocket) AND Venezuela
(missile OR rocket) AND (Venezuela OR Colombia)
(missile AND Venezuela) OR (rocket AND Colombia)
((missile OR rocket) AND Venezuela) OR oil
missile AND NOT oil
missile NOT oil
missile OR NOT oil
NOT oil
NOT (oil OR gas)
missile AND (NOT oil)
Kyiv AND Odesa
Bonnie AND Clyde
war AND peace
air defence AND missile
New York OR Los Angeles
New York Times AND subpoena
climate change AND insurance
climate AND flood insurance
oil AND gas AND Norway
oil OR gas OR coal OR wind
drones AND (Russia OR Ukraine) AND NOT Syria
(vaccine OR vaccination) AND (measles OR rubella) AND Texas
("heart attack" OR "myocardial infarction") AND aspirin
("heart attack" OR "myocardial infarction") AND (aspirin OR "acetylsalicylic acid") AND (mortality OR death OR survival)
(diabetes OR hyperglycemia OR insulin) AND (metformin OR glucophage) AND (elderly OR aged) AND NOT children
(dog OR cat) AND (food OR toy)
(oil OR gas) pipeline
pipeline (oil OR gas)
(NATO OR EU) AND UKRAINE
(NATO OR EU) AND "AIR DEFENCE"
"AIR DEFENCE" AND NATO
missile AND Ukraine AND "air defence"
Müller AND Köln
petróleo OR gás
нефть AND газ
石油 AND 天然气
石油 OR 天然气
missil*
miss*
m?ssile
defen?e
colo?r
*ela
anti-air*
S-30*
vaccin* measles
missil* Venezuela
Venezuela missil*
missil* AND Venezuela
(missil* OR rocket) AND launch*
election* Texas
wom?n rights
organi?ation
organi?ation chart
micro*scope
Maracaybo~
Maracaybo~2
missle~
missle~ ukraine
Zelenskiy~2 Kyiv
Tchaikovsky~ opera
missile^2
missile^2 rocket
oil^3 price
rocket^0.5 missile
"air defence"^2 missile
(missile OR rocket)^2 oil
-oil
-oil gas
-石油
+missile
+missile ukraine
+missile +ukraine
+missile -ukraine
missile +ukraine
missile -ukraine
missile ukraine -russia
jaguar -car
jaguar -car -cat
jaguar speed -car
apple -fruit -pie
python -snake programming
java -island
mercury -planet -freddie
mercury +planet
+mercury planet
saturn +rings -car
-car +jaguar
+jaguar -car
apollo +moon landing
bass -fish guitar
bass fishing -guitar
salsa -dance recipe
oil gas -coal
climate policy +Germany
climate policy Germany -Austria
inflation rate +euro -dollar
tesla -nikola
amazon -river -jungle
amazon +river
turkey -country
turkey +country
+(oil gas) norway
-(oil OR gas) wind
wind -(oil OR gas)
Desk:world AND missile
desk:world
LANGUAGE:en oil
oil language:en
price:100
price:100..200
"missile defence" price:>10
+price:[10 TO 60] protest
-price:[10 TO 60] protest
protest OR price:[10 TO 60]
protest AND price:[10 TO 60]
protest (2020 price:[10 TO 60]
source:"The \\"Live\\" News"
source:“The Live News”
author:müller
*
*:*
""".strip().splitlines()

WORDS = """
MAYOR PLEADS NOT GUILTY
NOT GUILTY
TO BE OR NOT TO BE
To be, or not to be
to be or not to be
TRADE AND INDUSTRY TALKS
WAR AND PEACE
HIT AND RUN
DO OR DIE
WILL BRITAIN JOIN THE COMMON MARKET OR NOT
NATO AND EU
YES OR NO
What did he mean by "strategic ambiguity doctrine"?
He said "no" and left
“We will never surrender,” he said.
The so-called "deep state" is back in the news
Mayor pleads NOT guilty
This is NOT a drill
Vaccines do NOT cause autism
You can have it fast AND cheap
Do you want peace OR war?
Is it a bird OR a plane?
That is AND was our policy
This AND that
Why AND how did he do it?
Cats, dogs AND birds
We need peace AND justice
I will NOT be silenced
Breaking: 3 dead, 5 hurt
U.S.-China: what's next?
10 things (that) matter
AC/DC +1
vitamin C - yes or no
Q: is it true?
C++ vs. C#
C++
C#
.NET 8
AT&T earnings
Title: The Great Gatsby
Title: The Great Gatsby, Author: F. Scott Fitzgerald
title : something
Subject: Re: your invoice
From: John To: Jane Subject: hello
Re:Zero
Re: [PATCH 1/2] fix it
S-300
S-300/S-400
F/A-18
COVID-19
COVID-19: what we know
10:30
10:30am
at 10:30, the bells rang
http://example.com/?q=1
https://example.com:8080/a/b?c=d&e=f#g
https://www.reuters.com/world/europe/ukraine-says-it-2024-01-02/
www.example.com
https://en.wikipedia.org/wiki/The_(What)_"Quote"
jane.doe+news@example.com
mailto:jane@example.com
@POTUS said what?
#FyreFestival
#FyreFestival was a scam
#MeToo #TimesUp
RT @someone: this is huge!!! #news
LOL :) that's great
:-) :-(
<3 this song
5 * 3 = 15
2*3
E=mc^2
x^2 + y^2 = z^2
a^2 + b^2
y = a*x + b
f(x) = x*(x-1)
10^6
100% sure?!
really?!
What?! Who?!
who sold missiles?
what??
¿qué?
¿Dónde está el ministro?
Wer ist die Ministerin?
Qui a dit "non"?
It cost $5 - $10
-5 +30
+30 degrees
-40 °C
minus -5 degrees
Brexit - what next?
Brexit — what next?
- Who sold missiles to Venezuela?
-Who sold missiles to Venezuela?
-who sold missiles
— Who sold missiles
* Who sold missiles to Caracas
• item one
1) first 2) second
(missiles
missiles)
((a)) b
a (b) c
missiles (air defence)
(air defence)
[brackets] and {braces}
and/or
either/or
he/she
9/11
24/7
1/2 cup of sugar
sh*t happens
f**k this
what the f*** is going on
**bold** text here
*emphasis* in the middle of words
This *really* matters
M*A*S*H
E*TRADE
Prices from $99* per night with breakfast included
~50 people
~/.bashrc
approx. ~ 5
"quote
missiles "air
5' 11" tall
a 27" monitor and a 5" phone
""
the "
'single quotes'
it's what it's
rock 'n' roll
don't
SELECT * FROM articles WHERE id = 1 AND name = "x"
SELECT name FROM users WHERE age > 3 OR city = 'Rome';
if (a && b || !c) { return d; }
if x is not None and y: return z
def parse(text: str) -> Parsed: return None
print("hello world")
for (int i = 0; i < n; i++) { sum += a[i]; }
std::vector<int> v;
#include <stdio.h>
{"title": "The Great Gatsby", "year": 1925}
{"source":"reuters","language":"en"}
<a href="https://example.com">link</a>
grep -rn "foo" src/
ls -la
docker run -it --rm ubuntu:22.04 bash
git commit -m "fix bug"
rm -rf /
rm -rf / --no-preserve-root
C:\\Users\\jane\\file.txt
Smith et al. (2020), "Deep learning," Nature 521:436-444.
Smith, J. & Doe, A. (2019). A study of things: part 1. J. Things, 3(2), 1-9.
doi:10.1145/3596512
arXiv:2004.12832
ISBN 978-3-16-148410-0
Genesis 1:1
John 3:16
Ex-minister: "I did NOT take bribes"
Trump: 'No' to deal
Minister says "no comment" on leaks
"No comment," minister says on leaks
"Never again," says the mayor of the town after the flood
"It's over," he said
"Where is he?"
"Stop the war!"
Scientists say "X causes Y" but others say NOT so fast
Yes AND no
BREAKING NEWS: EARTHQUAKE HITS CHILE, 5 DEAD
ELECTION RESULTS (LIVE)
UN CHIEF: "WORLD AT RISK"
U.N. CHIEF SAYS 'NO' TO WAR AND 'YES' TO PEACE
OIL UP, GOLD DOWN AND DOLLAR FLAT
KENNEDY AND KHRUSHCHEV AGREE ON TEST BAN
WHO IS WHO
How does one say "please" and "thank you" in Japanese?
When was "The Tesla" named?
air-defence
Saint-Étienne
l'été à Paris
Estados Unidos
北京今天天气很好
-北京今天天气很好
猫
猫？
「猫」はどこですか？
ما هو سعر النفط؟
कितने लोग?
Was macht "die Ministerin" in Berlin?
EU: Ja oder NEIN?
nimm das ODER das
le OU la
It's 5 o'clock somewhere
50 +/- 3
+1
+++
---
!!!
...
What... is this?
Wait... what
Hello;world
a:b
foo:bar
Note:this
note: this
time:12:30
Apple's iPhone 15 Pro: $999
iPhone 15 vs. Galaxy S24: which is better?
$TSLA to the moon
€100 million
100 000
5,000 missiles
3.5% growth
GPT-4o vs Claude 3.5
Wi-Fi 6E
24h
T-72B3
A320neo
10km
pre- and post-war Germany
the -ing form of a verb in English sentences
jet interference with supersonic flow -dash experimental papers .
Ukraine war -live updates from the front
Disclaimer* applies to all of these offers in the shop
a*
?
* *
**
NOT
AND
OR
AND so it goes
OR missiles
missiles AND
missiles NOT
a AND OR b
NOT NOT a
oil AND (gas
oil AND gas)
("oil AND gas)
Breaking -fire in London, many hurt
He asked: who, what, when, where AND why?
PLEASE DO NOT REPLY TO THIS MESSAGE
THE GOOD, THE BAD AND THE UGLY
OPEN LETTER TO THE PRESIDENT OF THE UNITED STATES AND CONGRESS
TERMS AND CONDITIONS APPLY
SALT AND PEPPER
ALL OR NOTHING
WHETHER OR NOT
NOW OR NEVER
BELIEVE IT OR NOT
INFORMATION STORAGE AND RETRIEVAL
COMPUTER SCIENCE AND LIBRARY SCIENCE
INDEXING AND ABSTRACTING (SERVICES)
""".strip().splitlines()


def read(text: str, syntax: Syntax = Syntax.AUTO) -> ParsedQuery:
    return parse(text, analyzer=Analyzer(), languages=["en"], filter_fields=FIELDS, syntax=syntax)


def test_there_are_enough_of_both() -> None:
    assert len(set(EXPRESSIONS)) >= 200
    assert len(set(WORDS)) >= 200


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_read_as_one(text: str) -> None:
    query = read(text)
    assert query.reading.syntax is Syntax.EXPRESSION
    assert not query.plain
    assert query.reading.reason or query.reading.filters
    if text not in ("*", "*:*"):
        assert read(text, Syntax.WORDS).plain


@pytest.mark.parametrize("text", WORDS)
def test_a_text_is_read_as_words_of_which_any_may_be_missing(text: str) -> None:
    query = read(text)
    assert query.reading.syntax is Syntax.WORDS
    assert query.plain
    assert not query.words or isinstance(query.tree, Maybe)
    assert query.tree == read(text, Syntax.WORDS).tree
    assert query.text == text.strip()


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize(
    "change",
    [str.upper, str.title, "{}?!".format, "{}…".format, "- {}".format, "({})".format, "{}:".format,
     "“{}”, he said".format],
)  # fmt: skip
def test_however_a_text_is_typed_it_stays_words(text: str, change: object) -> None:
    assert callable(change)
    assert read(change(text)).plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MAYOR PLEADS NOT GUILTY", "as words (all is in capitals, NOT too)"),
        ("Vaccines do NOT cause autism", "as words (NOT stands in a sentence)"),
        ("jaguar -car", "as an expression (-car is a word with a sign)"),
        ("oil source:reuters", "as words, filtered by source:reuters"),
        ("who sold missiles?", "as words"),
        ('What is "the ambiguity"?', "as words (what is quoted in it ranks higher)"),
    ],
)
def test_what_was_read_is_said(text: str, said: str) -> None:
    assert str(read(text).reading) == said


@pytest.mark.slow
def test_a_long_text_is_read_at_once() -> None:
    for text in ('"a ' * 60_000, "(" * 190_000, "+a:b " * 30_000, "a AND " * 30_000, '"' * 200_000):
        assert read(text).plain
    with_filters = read("source:a " * 20_000)  # those at its edges are filters, the others a part of the text
    assert with_filters.reading.filters == ("source:a",)


@pytest.mark.parametrize("text", ['-"air defense"', '+"air defense"'])
def test_a_phrase_with_a_sign_is_told_apart_from_one_that_is_all_of_the_query(text: str) -> None:
    assert "must stand there" in classify(text, word_fields=()).reason
    assert classify(text[1:], word_fields=()).reason == "all of it is quoted"
