"""Intervention: the recipe and each candidate edit train briefly, and what helps is the cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from trickrun.checks.diagnosis.at_length import base_at_length, check_at_length
from trickrun.checks.diagnosis.candidate import Candidate, together
from trickrun.checks.diagnosis.candidates import far_off
from trickrun.checks.diagnosis.new_rate import with_new_rate
from trickrun.checks.diagnosis.proxy_run import ProxyRun
from trickrun.checks.diagnosis.several import LOSS, fewest, replaceable, unusual
from trickrun.checks.diagnosis.skill import standard_error
from trickrun.checks.diagnosis.trainings import BASE, Trainings, Tried
from trickrun.checks.interventions.variants import backward_elimination
from trickrun.findings.finding import Finding
from trickrun.findings.intervention import Effect
from trickrun.findings.rank import consequences

SEEDS = 3
"""Paired seeds of the proof. The first look has one seed of its own, so that what was picked
because it was lucky there does not keep its luck."""

LOOKING = 0.5
"""Share of the time left that a first look may take; the rest is for the proof."""

PROVEN = 5
"""Candidates that go on to the proof, at most."""

PAIRED = 4
"""Candidates whose pairs are tried where no single edit is enough."""

CURES = 3
"""Edits that helped and are looked at in turn, until one raises no error."""

ENOUGH = 0.1
"""Distance in skill to what is known to be reachable at which single edits are enough."""


def try_edits(
    trainings: Trainings, found: Sequence[Candidate], known: float, findings: Iterable[Finding]
) -> Tried:
    """Train with each of the candidates and return what that proves.

    Args:
        trainings: runs the trainings, until its deadline.
        found: what to try, likeliest first.
        known: skill that other learners reached on the same samples.
        findings: of the recipe as it is.
    """
    first, *rest = seeds(trainings.proxy)
    parts = unusual(found)
    whole = [together(parts)] if len(parts) > 1 else []
    look(trainings, [*whole, *found], first)
    untried = sum(not (v.results or v.reason) for v in trainings.known.values())
    tried = Tried(trainings.known[BASE], untried=untried)
    if first not in tried.base.results:
        return tried  # no time, or the recipe cannot be trained: nothing to compare with
    tried.screened = screened(trainings, found, first)
    tried.edits = {c.label: c.edit for c in found if c.label in tried.screened}
    able = promising(tried, found, trainings.proxy)
    prove(trainings, tried, able, rest)
    tried.unproven = [c.label for c in able if c.label not in tried.effects]
    tried.reachable = max([known, *results_of(trainings, first)])
    try_roots(trainings, tried, parts, rest)
    try_several(trainings, tried, found, parts)
    for candidate in [cause for cause in tried.causes if cause.parts]:
        if candidate.label in tried.effects:  # else it was a stepping stone of one before
            make_minimal(trainings, tried, candidate, rest)
    check_at_length(trainings, tried, rest[0])
    check_cures(trainings, tried, findings)
    if not tried.causes and (tried.base_skill < tried.reachable - ENOUGH or hopeless(tried)):
        tried.at_length = base_at_length(trainings, rest[0])
    tried.trainings = sum(len(variant.results) for variant in trainings.known.values())
    return tried


def try_roots(
    trainings: Trainings, tried: Tried, parts: Sequence[Candidate], fresh: Sequence[int]
) -> None:
    """Prove the suspected parts together that may have brought about what the best edit mends.

    Inputs and targets that are both too large train with a huge learning rate too; that edit is a
    lucky one, and the one that mends both is the cure.
    """
    if not tried.causes:
        return
    best = tried.causes[0]
    roots = [c for c in parts if best.code in consequences(c.code) and c.path not in best.edit]
    if len(roots) > 1:
        prove(trainings, tried, [together(roots)], fresh)


def try_several(
    trainings: Trainings, tried: Tried, found: Sequence[Candidate], parts: Sequence[Candidate]
) -> None:
    """Try edits of several parts at once, as long as nothing comes near to what can be reached."""
    first, *rest = seeds(trainings.proxy)
    if far(tried, trainings.proxy):
        pairs = [*with_new_rate(trainings, found), *pairs_of(tried, found)]
        look(trainings, pairs, first)
        prove_better(trainings, tried, pairs, first, rest)
    for many in (parts, replaceable(found)):
        if far(tried, trainings.proxy) and len(many) > 1:
            least = max(reached(tried), tried.base.results[first]) + ENOUGH
            several = fewest(trainings, many, first, least)
            if several is not None:
                prove_better(trainings, tried, [several], first, rest)
            if several is not None and far(tried, trainings.proxy):
                # What was enough for one seed is not for all: begin with everything again.
                prove_better(trainings, tried, [together(many)], first, rest)


def make_minimal(
    trainings: Trainings, tried: Tried, several: Candidate, fresh: Sequence[int]
) -> None:
    """Leave out of ``several`` each part without which the others do as well with the seeds of the
    proof, and forget an edit of which a part is enough."""
    least = tried.effects[several.label].after - LOSS

    def enough(some: Sequence[Candidate]) -> bool:
        fewer = together(some)
        if fewer.label not in tried.effects:
            prove(trainings, tried, [fewer], fresh)
        effect = tried.effects.get(fewer.label)
        return effect is not None and effect.helps and effect.after >= least

    kept = backward_elimination(several.parts, enough)
    for label, other in tried.candidates.items():
        if len(other.parts) > len(kept) and all(part in other.parts for part in kept):
            tried.effects.pop(label, None)


def check_cures(trainings: Trainings, tried: Tried, findings: Iterable[Finding]) -> None:
    """Note the errors that the first edits that helped bring about, until one brings none.

    A huge learning rate trains a network on unscaled inputs, and is too high itself.

    Args:
        findings: of the recipe as it is; their errors are not the edit's.
    """
    before = {finding.code for finding in findings if finding.severity == "error"}
    for candidate in tried.causes[:CURES]:
        new = trainings.errors_with(candidate) - before
        if not new:
            return
        tried.raises[candidate.label] = tuple(sorted(new))


def hopeless(tried: Tried) -> bool:
    """Whether nothing learned anything, so that only a longer training may."""
    return tried.reachable < ENOUGH


def reached(tried: Tried) -> float:
    """Return the best skill with an edit that helps; 0 if none does."""
    return max((e.after for e in tried.effects.values() if e.helps), default=0.0)


def far(tried: Tried, proxy: ProxyRun) -> bool:
    """Whether neither the recipe nor an edit that helps comes near to what can be reached. An edit
    to a learning rate that hardly anybody uses does not count."""
    plain = [
        tried.effects[c.label].after
        for c in tried.causes
        if not far_off(c.edit, proxy.loaded.recipe)
    ]
    return max([tried.base_skill, *plain]) < tried.reachable - ENOUGH


def prove_better(
    trainings: Trainings, tried: Tried, found: Sequence[Candidate], first: int, fresh: Sequence[int]
) -> None:
    """Prove those of ``found`` that looked better with seed ``first`` than what helps so far."""
    tried.screened |= screened(trainings, found, first)
    prove(trainings, tried, beyond(tried, found, reached(tried), trainings.proxy), fresh)


def seeds(proxy: ProxyRun) -> list[int]:
    """Return the seed of the first look, which is the recipe's own, and those of the proof."""
    own = proxy.loaded.recipe.seed
    return [own + index for index in range(1 + SEEDS)]


def look(trainings: Trainings, found: Iterable[Candidate], seed: int) -> None:
    """Train the recipe and each candidate once."""
    trainings.run({BASE: {}, **{c.label: c.trial for c in found}}, [seed], LOOKING)


def results_of(trainings: Trainings, seed: int) -> list[float]:
    """Return the skill of each variant that has been trained with ``seed``."""
    return [v.results[seed] for v in trainings.known.values() if seed in v.results]


def screened(trainings: Trainings, found: Iterable[Candidate], seed: int) -> dict[str, float]:
    """Return the gain of each candidate that was trained with ``seed``."""
    before = trainings.known[BASE].results[seed]
    known = {c.label: trainings.known[c.label] for c in found if c.label in trainings.known}
    return {label: v.results[seed] - before for label, v in known.items() if seed in v.results}


def effect_of(gain: float, candidate: Candidate, tried: Tried, proxy: ProxyRun) -> Effect:
    """Return the effect that the first look shows."""
    before = next(iter(tried.base.results.values()))
    error = standard_error(before + gain, proxy.data)
    return Effect(before, before + gain, (gain,), error, candidate.likelihood)


def promising(tried: Tried, found: Sequence[Candidate], proxy: ProxyRun) -> list[Candidate]:
    """Return the candidates worth a proof, best first: of each part the best value, and of parts
    that gain nearly the same the likelier."""
    able = [
        c
        for c in found
        if c.label in tried.screened
        and effect_of(tried.screened[c.label], c, tried, proxy).promising
    ]
    best: dict[str, Candidate] = {}
    for candidate in sorted(able, key=lambda c: -tried.screened[c.label]):
        best.setdefault(candidate.path, candidate)
    top = max((tried.screened[c.label] for c in best.values()), default=0.0)
    return sorted(
        best.values(), key=lambda c: -(tried.screened[c.label] + 0.3 * top * c.likelihood)
    )[:PROVEN]


def prove(
    trainings: Trainings, tried: Tried, found: Sequence[Candidate], fresh: Sequence[int]
) -> None:
    """Train ``found`` and the recipe with ``fresh`` seeds and note their effects."""
    if not found:
        return
    trainings.run({BASE: {}, **{c.label: c.trial for c in found}}, fresh)
    for candidate in found:
        variant = trainings.known[candidate.label]
        pairs = {s: v for s, v in variant.results.items() if s in fresh and s in tried.base.results}
        if not pairs:
            continue
        before = [tried.base.results[seed] for seed in pairs]
        after = sum(pairs.values()) / len(pairs)
        gains = tuple(v - tried.base.results[s] for s, v in pairs.items())
        error = standard_error(after, trainings.proxy.data)
        effect = Effect(sum(before) / len(before), after, gains, error, candidate.likelihood)
        tried.candidates[candidate.label] = candidate
        tried.effects[candidate.label] = effect


def pairs_of(tried: Tried, found: Sequence[Candidate]) -> list[Candidate]:
    """Return pairs of the parts that are likeliest or gained most."""
    gains = tried.screened
    order = sorted(found, key=lambda c: -(c.likelihood + max(gains.get(c.label, 0.0), 0.0)))
    parts: dict[str, Candidate] = {}
    for candidate in order:
        parts.setdefault(candidate.path, candidate)
    return [together(pair) for pair in combinations(list(parts.values())[:PAIRED], 2)]


def beyond(
    tried: Tried, pairs: Iterable[Candidate], best: float, proxy: ProxyRun
) -> list[Candidate]:
    """Return the pairs that look better than the best single edit, best first; few."""
    before = next(iter(tried.base.results.values()))
    able = {}
    for pair in pairs:
        gain = tried.screened.get(pair.label, 0.0)
        if before + gain > best + ENOUGH and effect_of(gain, pair, tried, proxy).promising:
            able[pair.label] = (gain, pair)
    ranked = sorted(able.values(), key=lambda item: -item[0])
    return [pair for _, pair in ranked[:2]]
