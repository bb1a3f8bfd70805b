//! Generated TypeScript validates like the interpreter: every violation, in order.

mod typescript_project;

mod agreement {
    mod combined;
    mod corners;
    mod formats;
    mod linear;
    mod schemas;
    mod versions;
}
