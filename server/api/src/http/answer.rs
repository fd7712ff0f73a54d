//! Successful answers with a status of their own.

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaHeader, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type as _};

/// 201 with a body.
pub(crate) struct Created<T>(pub T);

impl<T: ToJSON> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        Json(self.0).with_status(StatusCode::CREATED).into_response()
    }
}

impl<T: ToJSON> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        with_status(Json::<T>::meta(), StatusCode::CREATED)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 204: it is done, and there is nothing to say about it.
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        with_status(<()>::meta(), StatusCode::NO_CONTENT)
    }

    fn register(_registry: &mut Registry) {}
}

/// 205: it is done, and what is shown of it should be read anew.
pub(crate) struct ResetContent;

impl IntoResponse for ResetContent {
    fn into_response(self) -> Response {
        StatusCode::RESET_CONTENT.into_response()
    }
}

impl ApiResponse for ResetContent {
    fn meta() -> MetaResponses {
        with_status(<()>::meta(), StatusCode::RESET_CONTENT)
    }

    fn register(_registry: &mut Registry) {}
}

/// 200 with a body that a browser keeps as a file of this name.
pub(crate) struct Attachment<T> {
    pub name: &'static str,
    pub body: T,
}

impl<T: ToJSON> IntoResponse for Attachment<T> {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        Json(self.body).with_header(header::CONTENT_DISPOSITION, disposition).into_response()
    }
}

impl<T: ToJSON> ApiResponse for Attachment<T> {
    fn meta() -> MetaResponses {
        with_header(Json::<T>::meta(), "Content-Disposition", "`attachment`, with the name of the file")
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 204 whose header `M2` has the server's own proof, 32 bytes in hex.
pub(crate) struct Proved(pub String);

impl Proved {
    const HEADER: &'static str = "M2";
}

impl IntoResponse for Proved {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.with_header(Self::HEADER, self.0).into_response()
    }
}

impl ApiResponse for Proved {
    fn meta() -> MetaResponses {
        let meta = with_status(<()>::meta(), StatusCode::NO_CONTENT);
        with_header(meta, Self::HEADER, "The server's own proof: 32 bytes in hex")
    }

    fn register(_registry: &mut Registry) {}
}

fn with_header(mut meta: MetaResponses, name: &str, description: &str) -> MetaResponses {
    for response in &mut meta.responses {
        response.headers.push(MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: String::schema_ref(),
        });
    }
    meta
}

fn with_status(mut meta: MetaResponses, status: StatusCode) -> MetaResponses {
    for response in &mut meta.responses {
        response.status = Some(status.as_u16());
    }
    meta
}
