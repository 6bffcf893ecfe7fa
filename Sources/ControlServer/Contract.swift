import HTTP

extension StaticContent {
    /// `openapi.yaml` as this program was built with it.
    static let contract = StaticContent(PackageResources.openapi_yaml, type: "application/yaml")
}
