// Refuses viewers on TLS 1.1 and older. CloudFront's own certificate cannot: it always accepts
// TLS 1.0. The header is CloudFront's, not the viewer's, and looks like `TLSv1.2:CIPHER:full`.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
function handler(event) {
  var tls = event.request.headers['cloudfront-viewer-tls'];
  if (tls && /^(SSLv3|TLSv1|TLSv1\.1):/.test(tls.value)) {
    return { statusCode: 403, statusDescription: 'TLS 1.2 or newer' };
  }
  return event.request;
}
