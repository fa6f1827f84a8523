import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { mayBeTriedAgain } from "./faults.tsx";

const MAX_TRIES = 3;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < MAX_TRIES && mayBeTriedAgain(error),
      refetchOnWindowFocus: false,
      // A browser without a network would wait for one without a word; the platform may be on its own machine.
      networkMode: "always",
    },
  },
});

const root = document.querySelector("#console");
if (root === null) throw new Error("the page has a place for the console");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
