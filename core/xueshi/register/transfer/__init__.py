"""The whole register in and out: a package of tables with a manifest, written from one folder, merged into another."""
