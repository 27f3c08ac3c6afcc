import os

import pytest
from peer import Peer


@pytest.fixture(scope='session')
def peer(volley):
    if os.geteuid() != 0:
        pytest.skip('a network namespace needs root')
    it = Peer(volley.path)
    yield it
    it.close()
