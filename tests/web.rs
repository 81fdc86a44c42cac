//! What the web owes to whoever uses it, whatever the page: headers, limits, forms that no other site can post, links and
//! files that nobody can bend.

mod crawl;
mod forgery;
mod injection;
mod limits;
mod reach;
mod source;
