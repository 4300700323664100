"""What an operator can set, and where the values come from."""

from .load import CONFIG_VARIABLE, Effective, load
from .reference import configuration_page
from .settings import Config, ConfigError

__all__ = ["CONFIG_VARIABLE", "Config", "ConfigError", "Effective", "configuration_page", "load"]
