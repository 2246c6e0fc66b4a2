//! Arrays in, figures of quality out.
