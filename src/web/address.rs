//! The network address of who asks: the peer, or what our own proxies say of it.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The address of who asks, such as `192.0.2.7`. `X-Forwarded-For` is read from the right, past as many entries as we
/// have proxies: whatever the caller wrote there stands further left, and is not believed.
pub fn of(request: &HttpRequest, trusted_proxies: usize) -> String {
    let header = |value: &actix_web::http::header::HeaderValue| value.to_str().map(str::to_owned).ok();
    let forwarded: Vec<String> = request.headers().get_all("x-forwarded-for").filter_map(header).collect();
    let forwarded =
        (trusted_proxies > 0).then(|| entry_from_the_right(&forwarded.join(","), trusted_proxies)).flatten();
    forwarded.or_else(|| request.peer_addr().map(|peer| peer.ip())).map_or_else(String::new, network)
}

fn entry_from_the_right(list: &str, trusted_proxies: usize) -> Option<IpAddr> {
    list.split(',').rev().nth(trusted_proxies - 1)?.trim().parse().ok()
}

/// A home has a whole /64 of IPv6 addresses: they count as one.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(forwarded: &[&str], trusted: usize) -> String {
        let mut request = TestRequest::default().peer_addr("192.0.2.7:4000".parse().unwrap());
        for value in forwarded {
            request = request.append_header(("x-forwarded-for", *value));
        }
        of(&request.to_http_request(), trusted)
    }

    #[test]
    fn believes_our_proxies_and_nobody_else() {
        assert_eq!(asked(&["198.51.100.1"], 0), "192.0.2.7");
        assert_eq!(asked(&["198.51.100.1, 203.0.113.5"], 1), "203.0.113.5");
        assert_eq!(asked(&["198.51.100.1", "203.0.113.5"], 2), "198.51.100.1");
        assert_eq!(asked(&["203.0.113.5"], 2), "192.0.2.7");
        assert_eq!(asked(&["not an address"], 1), "192.0.2.7");
    }

    #[test]
    fn a_home_is_one_address() {
        assert_eq!(asked(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::/64");
        assert_eq!(asked(&["::ffff:203.0.113.5"], 1), "203.0.113.5");
    }
}
