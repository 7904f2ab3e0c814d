"""The centre folder on disk: YAML with positions, without the traps of YAML 1.1."""

from ivr_engine.adapters.flow_files.folder import LoadedCentre, in_order, load_centre
from ivr_engine.adapters.flow_files.kept import KeptVersions
from ivr_engine.adapters.flow_files.live import LiveFolder
from ivr_engine.adapters.flow_files.tests_folder import read_tests_folder
from ivr_engine.adapters.flow_files.yaml_tree import parse

__all__ = ["KeptVersions", "LiveFolder", "LoadedCentre", "in_order", "load_centre", "parse", "read_tests_folder"]
