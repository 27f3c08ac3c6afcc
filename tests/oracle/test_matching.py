"""The exact rules against Scapy: every difference is in docs/matching.md, and every one of those is real."""

import re

import pytest
from test_answers import ROOT, drawn, tool, verdicts  # noqa: F401

EXAMPLE = re.compile(r'^([a-z ]+): scapy (yes|no), exact (yes|no)\n  (.+)\n  (.+)$', re.M)
PAGE = (ROOT / 'docs' / 'matching.md').read_text()
EXAMPLES = EXAMPLE.findall(PAGE)


@pytest.mark.parametrize('name, by_scapy, by_volley, stimulus, response', EXAMPLES,
                         ids=[f'{row[0]} {i}' for i, row in enumerate(EXAMPLES)])
def test_example(peer, tool, name, by_scapy, by_volley, stimulus, response):  # noqa: F811
    row = peer.ask(judge=[stimulus, response])['judge']
    assert (row[3] and row[4]) == (by_scapy == 'yes'), row
    (exact, found), = verdicts(tool, [row[:3]])
    assert exact == (by_volley == 'yes') and (found or not exact), row
    if by_scapy != by_volley:
        assert row[8].get(name, not exact) in (None, exact), f'{name} does not explain it: {row[8]}'
    for hashed in ([], ['hashed']):
        (as_scapy, _), = verdicts(tool, [row[:3]], ['scapy', *hashed])
        assert as_scapy == bool(row[3] and (row[4] or not hashed))


def test_every_difference_is_listed(drawn, tool, record_property):  # noqa: F811
    rows = drawn({})
    n = len(rows)
    seen, answered = {}, 0
    for row, (got, found) in zip(rows, verdicts(tool, [row[:3] for row in rows])):
        stimulus, response, _, answers, hashed, kind, received, sent, reasons = row
        pair = f'{kind}\n  stimulus {stimulus}  {sent}\n  response {response}  {received}'
        assert found or not got, f'it answers, but is never found by its flow key: {pair}'
        answered += got
        if answers is None or hashed is None or got == (answers and hashed):
            continue
        why = [name for name, more in reasons.items() if more in (None, got)]
        assert why, f'scapy says {not got}, volley {got}, and docs/matching.md does not say why: {pair}'
        for name in why:
            seen[name] = seen.get(name, 0) + 1
    assert 0.3 * n < answered < 0.7 * n
    assert set(seen) <= {row[0] for row in EXAMPLES}, 'a difference without an example'
    record_property('differences', seen)


def test_every_difference_has_an_example(peer):
    names = peer.ask(differences=True)['differences']
    told = {row[0] for row in EXAMPLES if row[1] != row[2]}
    assert set(names) - told == {'quoted id'}
