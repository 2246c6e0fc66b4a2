//! The contract between the stages: every file format, read, validated and written atomically.
