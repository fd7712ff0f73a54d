//! Methods, paths, queries and headers that are not what the document says, at every operation.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use tacit_tests::{Client, both_engines};

use super::operations;

both_engines!(a_method_that_is_not_documented_is_refused_with_those_that_are, async |app| {
    let user = app.user("person@example.com").await;
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations::all() {
        documented.entry(operation.path).or_default().insert(operation.method);
    }
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "X", "get"];
    for client in [app.anonymous(), user.client.clone()] {
        for (path, allowed) in &documented {
            for method in methods.iter().filter(|method| !allowed.contains(**method)) {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                for body in [None, Some(b"{}".to_vec())] {
                    let answer = client.send(method.clone(), path, body).await;
                    let answer = answer.expect_problem(405, "method_not_allowed");
                    let told: BTreeSet<_> = answer.header("allow").split(", ").map(str::to_owned).collect();
                    assert!(allowed.is_subset(&told), "{method} {path}: {told:?}");
                }
            }
            let head = client.send(Method::HEAD, path, None).await;
            assert!(head.body.is_empty() && head.status < 500, "HEAD {path}: {}", head.status);
        }
    }
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(a_path_that_is_only_nearly_right_leads_to_no_operation, async |app| {
    let user = app.user("person@example.com").await;
    for operation in operations::all() {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let (path, example) = (&operation.path, operation.example.as_ref().map(|body| body.to_string().into_bytes()));
        // A slash at the end is a part of some paths; what stands before it is what can be written otherwise.
        let last = path.trim_end_matches('/').rfind('/').unwrap() + 1;
        let encoded = format!("{}%{:02x}{}", &path[..last], path.as_bytes()[last], &path[last + 1..]);
        let mut near = vec![
            format!("{path}/"),
            format!("{path}//"),
            format!("/{path}"),
            format!("{path}/x"),
            format!("{path}%2f"),
            path.replacen('/', "//", 2),
            path.to_uppercase(),
            format!("{}%2f{}", &path[..last - 1], &path[last..]),
            path.trim_end_matches('/').to_owned(),
        ];
        // What stands in the place of a parameter is looked at by what it says, not by how it is written.
        if operation.template.is_none() {
            near.extend([
                encoded,
                format!("{path}%00"),
                format!("{path};a=b"),
                format!("{path}.json"),
                format!("{path}%ff"),
            ]);
        }
        for near in near.iter().filter(|near| *near != path && near.starts_with('/')) {
            let answer = user.client.send(method.clone(), near, example.clone()).await;
            // A neighbour may be the path of another operation, with another method.
            let code = if answer.status == 405 { "method_not_allowed" } else { "not_found" };
            let status = if answer.status == 405 { 405 } else { 404 };
            answer.expect_problem(status, code).done();
        }
    }
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(an_id_that_is_none_names_nothing, async |app| {
    let user = app.user("person@example.com").await;
    let templates: Vec<_> =
        operations::all().into_iter().filter(|it| it.template.is_some() && !it.takes_form).collect();
    assert!(!templates.is_empty());
    for operation in templates {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let path = operation.template.as_deref().unwrap();
        for id in [
            "0",
            "-1",
            "me",
            "*",
            "null",
            "%00",
            "%ff",
            "%c3%28",
            "%ed%a0%80",
            "%20",
            "%2e%2e",
            "%",
            "%zz",
            "'",
            "%27%20OR%201=1",
            "00000000-0000-0000-0000-00000000000",
            "00000000-0000-0000-0000-0000000000000",
            "%F0%9F%94%91",
            &"a".repeat(8_000),
        ] {
            let answer =
                user.client.send(method.clone(), &path.replace("{id}", id).replace("{provider}", id), None).await;
            assert_eq!(answer.status, 404, "{id:.40}: {}", answer.text());
            let code = answer.string("/code");
            answer.expect_problem(404, &code).done();
        }
    }
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(odd_queries_are_refused_or_mean_nothing, async |app| {
    let user = app.user("person@example.com").await;
    for operation in operations::all() {
        // Logging the caller out is what some are for. Where no provider is configured none is there to be asked for: the
        // sentences in `oauth/` send what is odd to one that is.
        if operation.id == "logout" || operation.path.contains("/oauth/") && !operation.query.is_empty() {
            continue;
        }
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let example = operation.example.as_ref().map(|body| body.to_string().into_bytes());
        for query in
            ["unknown=1", "%00", "%ff=%ff", "%", "&&==&", "a[]=1&a[x]=2", "=", "\u{1f511}", &"a=1&".repeat(2_000)]
        {
            let answer =
                user.client.send(method.clone(), &format!("{}?{query}", operation.path), example.clone()).await;
            assert!(answer.status < 500, "{} ?{query:.40}: {}", operation.id, answer.text());
        }
        for name in &operation.query {
            for value in [
                "",
                "%20",
                "x",
                "-1",
                "1.5",
                "1e1",
                "0x1",
                "+",
                "%00",
                "%ff",
                "99999999999999999999",
                "4294967296",
                "null",
                "[]",
                "%D9%A1",
                "%EF%BC%91",
                "1%0a",
            ] {
                let path = format!("{}?{name}={value}", operation.path);
                let answer = user.client.send(method.clone(), &path, None).await;
                let refused = operation.refused(answer, &path);
                assert_eq!(refused.member("/fields/0/name"), **name, "{path}");
            }
        }
    }
});

/// Header fields that a careless reader stumbles over.
const ODD: [(&str, &str); 24] = [
    ("authorization", "Bearer"),
    ("authorization", "Bearer  "),
    ("authorization", "Bearer a b"),
    ("authorization", "Bearer a.b.c"),
    ("authorization", "Bearer ..."),
    ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
    ("authorization", "Basic !!!"),
    ("authorization", "Basic Og=="),
    ("authorization", "Digest username=\"a\""),
    ("authorization", ","),
    ("cookie", "tacit_refresh"),
    ("cookie", "tacit_refresh=;;;=;"),
    ("cookie", "tacit_refresh=\"rt_\""),
    ("cookie", "tacit_refresh=rt_a; tacit_refresh=rt_b"),
    ("origin", "null"),
    ("origin", "http://"),
    ("origin", "http://localhost:8080@evil.example"),
    ("origin", "http://localhost:99999"),
    ("x-forwarded-for", "unknown, , ;, 999.999.999.999, [::1"),
    ("x-request-id", "a\" b"),
    ("x-tacit-client", ""),
    ("accept", "application/xml;q=1, */*;q=x"),
    ("accept-encoding", "gzip;q=9, zstd, \u{7e}"),
    ("expect", "the unexpected"),
];

both_engines!(odd_headers_are_refused_or_mean_nothing, async |app| {
    let long = "a".repeat(8_000);
    let mut clients: Vec<(String, Client)> = Vec::new();
    for (name, value) in ODD {
        clients.push((format!("{name}: {value}"), app.anonymous().with(name, value)));
    }
    for name in
        ["authorization", "cookie", "origin", "user-agent", "x-forwarded-for", "x-request-id", "accept-language"]
    {
        clients.push((format!("a long {name}"), app.anonymous().with(name, &long)));
    }
    for operation in operations::all() {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let example = operation.example.as_ref().map(|body| body.to_string().into_bytes());
        for (what, client) in &clients {
            let answer = client.send(method.clone(), &operation.path, example.clone()).await;
            assert!(answer.status < 500, "{}: {what}: {}", operation.id, answer.text());
            if answer.status >= 400 {
                operation.refused(answer, what);
            }
        }
    }
    app.settle().await;
});
