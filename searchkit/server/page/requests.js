// What the page asks its server. A token stays in this tab's session storage, and goes into a header alone.
const KEY = "token";

export function rememberToken(secret) {
  sessionStorage.setItem(KEY, secret.trim());
}

function headers() {
  const token = sessionStorage.getItem(KEY);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

// Return an address's page as a document. The browser reads it as it comes: no text is made into markup here.
export function getDocument(address, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "document";
    request.onload = () => (request.response?.getElementById("main") ? resolve(request.response) : reject(new Error(`Status ${request.status}.`)));
    request.onerror = () => reject(new Error("It can't be reached."));
    request.onabort = () => reject(new Error("Another page is wanted."));
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });
}

export async function getJson(address, signal) {
  const response = await fetch(address, { headers: headers(), signal });
  return response.ok ? response.json() : null;
}
