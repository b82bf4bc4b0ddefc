//! Server-rendered pages, forms and live boards.
