//! The life of the real program.
