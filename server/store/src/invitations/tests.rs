//! Tests of `invitations`.
