# SPDX-License-Identifier: ISC
"""Verifies and judges gapseal's documents from manifests/FORMAT.md alone; shares no code with the programs it checks."""
