"""The jurisdiction plugin yunze: law, flows, notices and papers are the data files beside this one."""

from xueshi import DataJurisdiction

jurisdiction = DataJurisdiction(__package__)
