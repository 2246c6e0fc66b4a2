//! Tests that cross the stages live in `tests/`; this library is empty.
