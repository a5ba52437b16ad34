"""What the tests of faults share."""

import pytest

from tests.support.running_site import Site


@pytest.fixture
def own_site(tmp_path):
    """A process tree that a test may break."""
    site = Site(tmp_path).start()
    yield site
    site.stop()
