"""What every implementation of a protocol must do, as suites that take a factory.

A suite is a class without `Test` in its name; the tests of an implementation subclass it and supply its fixtures.
"""
