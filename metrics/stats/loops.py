"""The loops over customers' events that numpy would need many passes for, compiled by numba.

Only workers load this module. Rows lie in the order of customers and, inside one, of time; what
is known of a customer so far stands in arrays of the caller, so that days may come one after
the other. See `gaps`, `funnels` and `paths` for what the numbers mean.
"""

from typing import Any

import numba
import numpy as np

NEVER = np.uint16(0xFFFF)  # a period that no table has
NOT_YET = np.int64(-1)  # no chain has come to this step
MOST_STEPS = 8  # a bit each
ALL_STEPS = (1 << MOST_STEPS) - 1

Array = np.ndarray[Any, np.dtype[Any]]


# --- gap tables ---------------------------------------------------------------


@numba.njit(cache=True, nogil=True)
def note(customers: Array, period: int, seen: Array, returned: Array, gaps: Array) -> None:
    """Add who was active in a period; the same customer again changes nothing.

    `seen` has the first and the last period of each customer; `returned` is this period's
    column by cohort, `gaps` this period's row by gap.
    """
    for at in range(len(customers)):
        customer = customers[at]
        last = seen[customer, 1]
        if last == period:
            continue
        if last == NEVER:
            seen[customer, 0] = period
            gaps[0] += 1
        else:
            gaps[period - last] += 1
        returned[seen[customer, 0]] += 1
        seen[customer, 1] = period


@numba.njit(cache=True, nogil=True)
def tally(seen: Array, last: Array) -> None:
    """Count who is known into `last`, by their first and their last period."""
    for customer in range(len(seen)):
        if seen[customer, 1] != NEVER:
            last[seen[customer, 0], seen[customer, 1]] += 1


# --- funnels ------------------------------------------------------------------


LONG_AGO = -(1 << 62)  # no chain has come so far: no window reaches back to it
SEVERAL = 255  # of what `step_of` says: more than one step at once


@numba.njit(cache=True, nogil=True)
def advance(
    customers: Array,
    moments: Array,
    codes: Array,
    steps_of: Array,
    step_of: Array,
    first: int,
    origin: int,
    window: int,
    steps: int,
    starts: Array,
) -> None:
    """Take further rows into a funnel.

    Of each customer `starts` has `steps` + 2 moments: this row's own; for each step when the
    latest chain began that came to it; and one that nobody reads. `steps_of` says for each code
    which steps it is, a bit each; `step_of` the one step, or `steps` for none, or `SEVERAL`.

    What a row does is done without asking what it is, because a processor cannot foresee that:
    the first step takes over the row's own moment, a row that is no step writes where nobody
    reads. Places are unsigned, for of a signed one Python's meaning of -1 would be looked for.
    """
    end, one, wide = np.uint64(len(customers)), np.uint64(1), np.uint64(steps + 2)
    base, at = np.uint64(first), np.uint64(0)
    while at < end:
        place, after = (np.uint64(customers[at]) - base) * wide, at + one
        moment, step = origin + np.int64(moments[at]), step_of[codes[at]]
        if after < end and moments[after] == moments[at] and customers[after] == customers[at]:
            while (
                after < end and moments[after] == moments[at] and customers[after] == customers[at]
            ):
                after += one
            _take_together(starts, place, steps, codes[at:after], steps_of, moment, window)
        elif step == SEVERAL:
            _take(starts, place, steps, np.int64(steps_of[codes[at]]), moment, window)
        else:
            here = place + np.uint64(step)
            starts[place] = moment
            start, was = starts[here], starts[here + one]
            starts[here + one] = start if moment - start <= window else was
        at = after


@numba.njit(cache=True, nogil=True)
def _take_together(
    starts: Array, place: Any, steps: int, codes: Array, steps_of: Array, moment: Any, window: int
) -> None:
    """Events of one moment, sorted by their first step, then by all of their steps."""
    order = np.empty(len(codes), np.int64)
    for at in range(len(codes)):
        bits = np.int64(steps_of[codes[at]])
        order[at] = (bits & -bits) << MOST_STEPS | bits
    order.sort()
    for key in order:
        _take(starts, place, steps, key & ALL_STEPS, moment, window)


@numba.njit(cache=True, nogil=True)
def _take(starts: Array, place: Any, steps: int, bits: Any, moment: Any, window: int) -> None:
    """One event. The last step first, so that it never follows itself."""
    starts[place] = moment
    for step in range(steps - 1, -1, -1):
        if bits >> step & 1:
            here = place + np.uint64(step)
            if moment - starts[here] <= window:
                starts[here + np.uint64(1)] = starts[here]


# --- paths --------------------------------------------------------------------

# Of each customer: when they last did anything, the path so far, how many things it has, and
# what came last.
LAST, PATH, LENGTH, BEFORE = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def follow(
    customers: Array,
    moments: Array,
    codes: Array,
    kinds: Array,
    first: int,
    origin: int,
    pause: int,
    anchor: int,
    depth: int,
    base: int,
    state: Array,
    out: Array,
) -> int:
    """What follows the first `anchor` of each session: finished paths go to `out`; how many.

    A path is a number of `depth` digits to this base, the first thing in the highest one. A
    kind of 0 is left out; the same thing again and again is one.
    """
    found = 0
    for at in range(len(customers)):
        kind = kinds[codes[at]]
        if kind == 0:
            continue
        row, moment = state[np.int64(customers[at]) - first], origin + np.int64(moments[at])
        if row[LAST] != NOT_YET and moment - row[LAST] > pause:
            if row[LENGTH] >= 0:
                out[found] = _filled(row[PATH], depth - row[LENGTH], base)
                found += 1
            row[PATH], row[LENGTH], row[BEFORE] = 0, -1, 0
        if row[LENGTH] >= 0:
            if kind != row[BEFORE] and row[LENGTH] < depth:
                row[PATH], row[LENGTH] = row[PATH] * base + kind, row[LENGTH] + 1
        elif kind == anchor:
            row[PATH], row[LENGTH] = 0, 0
        row[LAST], row[BEFORE] = moment, kind
    return found


@numba.njit(cache=True, nogil=True)
def unfinished(state: Array, depth: int, base: int, out: Array) -> int:
    """The paths of sessions that were still open at the end."""
    found = 0
    for at in range(len(state)):
        if state[at, LENGTH] >= 0:
            out[found] = _filled(state[at, PATH], depth - state[at, LENGTH], base)
            found += 1
    return found


@numba.njit(cache=True, nogil=True)
def _filled(path: Any, missing: Any, base: int) -> int:
    for _ in range(missing):
        path *= base
    return path


@numba.njit(cache=True, nogil=True)
def precede(
    customers: Array,
    moments: Array,
    codes: Array,
    kinds: Array,
    first: int,
    origin: int,
    pause: int,
    anchor: int,
    most: int,
    base: int,
    state: Array,
    out: Array,
) -> int:
    """What came before the first `anchor` of each session; how many paths went to `out`.

    The digits as in `follow`: what came right before it in the lowest one. `most` is the base
    to the power of the depth. A length of 1 says that the session had its anchor.
    """
    found = 0
    for at in range(len(customers)):
        kind = kinds[codes[at]]
        if kind == 0:
            continue
        row, moment = state[np.int64(customers[at]) - first], origin + np.int64(moments[at])
        if row[LAST] != NOT_YET and moment - row[LAST] > pause:
            row[PATH], row[LENGTH], row[BEFORE] = 0, -1, 0
        if kind == anchor and row[LENGTH] < 0:
            out[found] = row[PATH]
            found += 1
            row[LENGTH] = 1
        if kind != row[BEFORE]:
            row[PATH] = (row[PATH] * base + kind) % most
        row[LAST], row[BEFORE] = moment, kind
    return found


# --- left undone --------------------------------------------------------------

FIRST, THEN = 1, 2  # bits of what a row is


@numba.njit(cache=True, nogil=True)
def wait(
    customers: Array,
    moments: Array,
    codes: Array,
    roles_of: Array,
    first: int,
    origin: int,
    window: int,
    over: int,
    upcoming: Array,
    done: Array,
    vain: Array,
) -> None:
    """Count each customer's first things that were, or were not, followed in time.

    The rows are taken from the last to the first, and so have to be the days. `upcoming` is when
    the next second thing comes; what waits beyond the moment `over` is not known yet. Another
    kind of event of the same moment follows, the same event never itself.
    """
    at = len(customers) - 1
    while at >= 0:
        customer, moment, before = customers[at], origin + np.int64(moments[at]), at
        while (
            before > 0 and moments[before - 1] == moments[at] and customers[before - 1] == customer
        ):
            before -= 1
        place = np.int64(customer) - first
        for row in range(before, at + 1):  # what is only the second thing follows at once
            if roles_of[codes[row]] == THEN:
                upcoming[place] = moment
        came = upcoming[place]
        for row in range(before, at + 1):
            role = roles_of[codes[row]]
            if role & FIRST and moment + window <= over:
                if came != NOT_YET and came - moment <= window:
                    done[place] += 1
                else:
                    vain[place] += 1
            if role & THEN:
                upcoming[place] = moment
        at = before - 1
