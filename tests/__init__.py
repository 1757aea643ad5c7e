"""Tests of the guide, the example, the rehearsal and the tools."""
