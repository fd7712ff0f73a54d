//! The page a browser comes back to from a provider. It hands the outcome to the application, and shows what went wrong.

use tacit_shared::codes::Code;

use super::assets::OwnPages;

/// What the page is told.
#[derive(Default)]
pub(crate) struct Page {
    /// The one-time code.
    pub(crate) code: Option<String>,
    /// Why there is none.
    pub(crate) error: Option<Code>,
    /// What the provider said of it, cleaned.
    pub(crate) said: Option<String>,
    /// Where the outcome goes: an address of an allowed origin.
    pub(crate) return_to: Option<String>,
    /// Whether it goes to the window that opened this one.
    pub(crate) is_popup: bool,
}

/// The page, filled in.
pub(crate) fn page(page: &Page) -> String {
    let file = OwnPages::get("oauth.html").map(|file| file.data).unwrap_or_default();
    let (title, detail) = match page.error {
        Some(code) => (code.title(), page.said.as_deref().unwrap_or(code.detail())),
        None => ("Signing you in", "One moment: you are on your way back to the application."),
    };
    let places = [
        ("{code}", page.code.as_deref().unwrap_or_default()),
        ("{error}", page.error.map_or("", Code::as_str)),
        ("{return_to}", page.return_to.as_deref().unwrap_or_default()),
        ("{display}", if page.is_popup { "popup" } else { "page" }),
        ("{title}", title),
        ("{detail}", detail),
    ];
    fill(&String::from_utf8_lossy(&file), &places)
}

/// Puts values into their places; what a value holds is not looked at again.
fn fill(template: &str, places: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 2048);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some((place, value)) = places.iter().find(|(place, _)| from.starts_with(place)) {
            escape(value, &mut out);
            rest = from.get(place.len()..).unwrap_or_default();
        } else {
            out.push('{');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

/// For a text or a quoted attribute of HTML.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_filled_in_can_become_markup() {
        let shown = page(&Page {
            code: Some("\"><script>alert(1)</script>".to_owned()),
            error: Some(Code::OauthRefused),
            said: Some("<b>{code}</b>".to_owned()),
            return_to: Some("https://app.example/?a=1&b='2'".to_owned()),
            is_popup: true,
        });
        assert!(!shown.contains("<script>alert") && !shown.contains("<b>"));
        assert!(shown.contains("&lt;b&gt;{code}&lt;/b&gt;"), "a place in a value is no place: {shown}");
        assert!(shown.contains("data-return-to=\"https://app.example/?a=1&amp;b=&#39;2&#39;\""));
        assert!(shown.contains("data-display=\"popup\"") && shown.contains("data-error=\"oauth_refused\""));
    }
}
