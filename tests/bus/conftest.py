"""Contract suites explain their failures like other tests."""

import pytest

pytest.register_assert_rewrite("tests.contracts")
