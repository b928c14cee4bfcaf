"""Writes the tables and texts beside it: python more_files.py."""

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

TOPICS = {
    "sport": "match goal team coach season striker referee league score win",
    "money": "bank shares market profit loan rates trade budget price bonds",
    "science": "study cells planet telescope genome physics experiment theory data virus",
    "travel": "beach hotel flight island museum train ticket tour luggage harbour",
    "food": "recipe oven butter salt soup pepper flour sauce garlic cheese",
}
COMMON = [
    "the",
    "a",
    "of",
    "and",
    "new",
    "today",
    "people",
    "said",
    "after",
    "year",
    "big",
    "first",
    "more",
    "about",
    "with",
    "for",
]


def news(rng, rows=900):
    """Yield reports of a few words, and their topic."""
    names = list(TOPICS)
    for place in range(rows):
        topic = names[place % len(names)]
        own = list(rng.choice(TOPICS[topic].split(), 3))
        other = list(rng.choice(TOPICS[names[rng.integers(len(names))]].split(), 1))
        words = [*own, *other, *rng.choice(COMMON, 6)]
        yield [" ".join(rng.permutation(words)), topic]


def actors(rng, rows=900):
    """Yield sentences of two animals, and which of them acts: only the order tells."""
    animals = ["dog", "cat", "fox"]
    for _ in range(rows):
        actor, other = rng.permutation(animals)[:2]
        verb = rng.choice(["chases", "sees", "bites", "finds"])
        how = rng.choice(["quickly", "often", "now", "never", "there"])
        place = rng.choice(["in the garden", "near a river", "at night", "behind the old house"])
        yield [f"{place} the {actor} {verb} the {other} {how}", actor]


def messages(rng, rows=900):
    """Yield short messages, one in eight of them advertising."""
    bad = ["free", "prize", "winner", "claim", "cash", "urgent", "click", "call", "offer"]
    good = [
        "ok",
        "home",
        "later",
        "dinner",
        "sorry",
        "love",
        "meeting",
        "tomorrow",
        "thanks",
        "bus",
    ]
    for _ in range(rows):
        spam = rng.random() < 0.125
        pool, other = (bad, good) if spam else (good, bad)
        words = [*rng.choice(pool, 4), *rng.choice(COMMON, 5)]
        if rng.random() < 0.3:
            words.append(rng.choice(other))
        yield [" ".join(rng.permutation(words)), "spam" if spam else "ham"]


def names(rng, rows=800):
    """Yield made-up family names of three languages, by their syllables."""
    parts = {
        "nordic": (
            ["lin", "as", "hol", "sten", "berg", "lund", "nor", "ek"],
            ["sson", "strom", "gren", "dahl"],
        ),
        "slavic": (
            ["nov", "pav", "kov", "bor", "dra", "mil", "zel", "vol"],
            ["ak", "sky", "ova", "enko"],
        ),
        "italian": (
            ["ros", "bian", "ver", "mar", "fer", "con", "gal", "ric"],
            ["ini", "elli", "etti", "ano"],
        ),
    }
    kinds = list(parts)
    for place in range(rows):
        first, last = parts[kinds[place % 3]]
        word = "".join(rng.choice(first, rng.integers(1, 3))) + rng.choice(last)
        at = rng.integers(len(word))
        yield [word[:at] + rng.choice(list("aeiou")) + word[at:], kinds[place % 3]]


def penguins(rng, rows=344):
    """Yield four measurements, an island and a sex, with gaps, and the species."""
    kinds = {
        "adelie": (38.8, 18.3, 190, 3700, ["torgersen", "dream", "biscoe"]),
        "chinstrap": (48.8, 18.4, 196, 3730, ["dream"]),
        "gentoo": (47.5, 15.0, 217, 5080, ["biscoe"]),
    }
    for _ in range(rows):
        kind = rng.choice(list(kinds), p=[0.44, 0.2, 0.36])
        bill, depth, wing, mass, islands = kinds[kind]
        male = rng.random() < 0.5
        cells = [
            rng.choice(islands),
            f"{bill + 2 * male + 2.4 * rng.normal():.1f}",
            f"{depth + 0.7 * male + 0.9 * rng.normal():.1f}",
            f"{wing + 4 * male + 5 * rng.normal():.0f}",
            f"{mass + 300 * male + 300 * rng.normal():.0f}",
            "male" if male else "female",
        ]
        yield [*("" if rng.random() < 0.04 else cell for cell in cells), kind]


def cars(rng, rows=600):
    """Yield used cars with gaps, and their price in thousands."""
    makes = {"alpha": 9, "beta": 14, "gamma": 22, "delta": 30}
    fuels = {"petrol": 0.0, "diesel": 1.0, "electric": 5.0}
    for _ in range(rows):
        make, fuel = rng.choice(list(makes)), rng.choice(list(fuels), p=[0.5, 0.35, 0.15])
        age, way = rng.integers(0, 16), rng.gamma(3, 30)
        price = (makes[make] + fuels[fuel]) * np.exp(-0.09 * age) * np.exp(-0.002 * way)
        price *= np.exp(0.08 * rng.normal())
        cells = [make, fuel, f"{age}", f"{way:.1f}", f"{rng.integers(2, 6)}"]
        gaps = (rng.random() < p for p in (0.0, 0.08, 0.0, 0.1, 0.05))
        yield [*("" if gap else c for gap, c in zip(gaps, cells, strict=True)), f"{price:.3f}"]


def patients(rng, rows=900):
    """Yield a clinic's table with categories and gaps, and whether the heart is ill."""
    pains = ["none", "typical", "atypical", "other"]
    for _ in range(rows):
        age, rate = rng.normal(54, 9), rng.normal(150, 22)
        pain, slope = rng.integers(0, 4), rng.integers(0, 3)
        fat, sugar = rng.lognormal(5.5, 0.2), rng.random() < 0.15
        score = 0.06 * (age - 54) - 0.03 * (rate - 150) + [1.5, -1, -0.8, 0][pain]
        score += [0.9, -0.2, -0.9][slope] + 0.004 * (fat - 245) + 0.6 * sugar
        ill = score + 0.7 * rng.logistic() > 0
        cells = [f"{age:.0f}", f"{rate:.0f}", pains[pain], ["up", "flat", "down"][slope]]
        cells += [f"{fat:.0f}", "yes" if sugar else "no"]
        yield [*("" if rng.random() < 0.05 else c for c in cells), "ill" if ill else "well"]


FILES = {
    "more_news": (news, ["text", "topic"]),
    "more_actors": (actors, ["text", "actor"]),
    "more_messages": (messages, ["text", "kind"]),
    "more_names": (names, ["text", "language"]),
    "more_penguins": (
        penguins,
        ["island", "bill_mm", "depth_mm", "wing_mm", "mass_g", "sex", "species"],
    ),
    "more_cars": (cars, ["make", "fuel", "age", "thousand_km", "doors", "price"]),
    "more_patients": (patients, ["age", "rate", "pain", "slope", "fat", "sugar", "state"]),
}


def main():
    """Write every file."""
    for name, (rows, columns) in FILES.items():
        with (HERE / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows(np.random.default_rng(0)))


if __name__ == "__main__":
    main()
