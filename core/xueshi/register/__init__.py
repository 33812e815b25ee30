"""The register: units, people, records of study, and the workbooks that bring them."""
