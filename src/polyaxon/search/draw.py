"""Where does chance come from? From hashes of counters, so that draw number i needs no draws before it.

Everything here is a pure function of its arguments, is the same on every machine and Python, and uses the
standard library alone: grid, random and mapping searches must not pay for importing numpy.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["apportion", "mixed", "permuted", "unit"]

_MASK = (1 << 64) - 1
# Below this size a true shuffle is cheap, and small Feistel networks would reach few permutations.
_SHUFFLED = 2048
_ROUNDS = 6


def mixed(seed: int, *counters: int) -> int:
    """A 64-bit hash of the seed and the counters (the splitmix64 finaliser, chained)."""
    state = seed & _MASK
    for counter in counters:
        state = (state ^ (counter & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def unit(seed: int, *counters: int) -> float:
    """A number of [0, 1) for these counters."""
    return (mixed(seed, *counters) >> 11) * 2.0**-53


def permuted(position: int, size: int, seed: int) -> int:
    """Where `position` goes in a seeded permutation of 0…size-1; constant memory for large sizes."""
    if size <= _SHUFFLED:
        return _shuffled(size, seed)[position]
    bits = (size - 1).bit_length()
    low_bits = bits // 2
    low_mask, high_mask = (1 << low_bits) - 1, (1 << (bits - low_bits)) - 1
    value = position
    while True:  # cycle walking: the domain is less than twice `size`, so two turns on average
        low, high = value & low_mask, value >> low_bits
        for turn in range(_ROUNDS):
            if turn % 2:
                low ^= mixed(seed, turn, high) & low_mask
            else:
                high ^= _wide(seed, turn, low, high_mask)
        value = high << low_bits | low
        if value < size:
            return value


@lru_cache(maxsize=1024)
def apportion(count: int, shares: tuple[float, ...], capacities: tuple[int, ...], offset: float) -> tuple[int, ...]:
    """Split `count` among items in proportion to `shares`, none above its capacity.

    Systematic rounding with one uniform `offset`: each item gets the floor or the ceiling of its exact share,
    and exactly that share on average over offsets.
    """
    targets = _targets(count, shares, capacities)
    result: list[int] = []
    running, taken = 0.0, 0
    for target, capacity in zip(targets, capacities, strict=True):
        running += target
        upto = min(count, int(running + offset))
        result.append(min(capacity, max(0, upto - taken)))
        taken += result[-1]
    for place, capacity in enumerate(capacities):  # what float rounding or a full item left over
        extra = min(capacity - result[place], count - taken) if shares[place] > 0 else 0
        result[place] += extra
        taken += extra
    return tuple(result)


def _targets(count: int, shares: tuple[float, ...], capacities: tuple[int, ...]) -> list[float]:
    """Exact shares of `count`; what a full item cannot take is shared by the others."""
    targets = [0.0] * len(shares)
    open_places = [place for place, share in enumerate(shares) if share > 0]
    left = float(count)
    while open_places and left > 0:
        mass = sum(shares[place] for place in open_places)
        full = [place for place in open_places if left * shares[place] / mass >= capacities[place]]
        if not full:
            for place in open_places:
                targets[place] = left * shares[place] / mass
            break
        for place in full:
            targets[place] = float(capacities[place])
            left -= capacities[place]
        open_places = [place for place in open_places if place not in full]
    return targets


def _wide(seed: int, turn: int, value: int, mask: int) -> int:
    """As many hash bits as `mask` has: spaces of more than 2^128 points need several words."""
    bits, result = 0, 0
    while bits < mask.bit_length():
        result |= mixed(seed, turn, value, value >> 64, bits) << bits
        bits += 64
    return result & mask


@lru_cache(maxsize=64)
def _shuffled(size: int, seed: int) -> tuple[int, ...]:
    order = list(range(size))
    for place in range(size - 1, 0, -1):
        other = mixed(seed, place) % (place + 1)
        order[place], order[other] = order[other], order[place]
    return tuple(order)
