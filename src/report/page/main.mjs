// Starts the page: the switch of light and dark on every report, the embeddings where there are any.

import {EmbeddingPage} from './embedding_page.mjs';
import {isDark, setTheme} from './theme.mjs';

const data = document.getElementById('embedding-data');
// Under a name, for a reader's own experiments in the console and for the tests.
window.embeddingPage = data ? new EmbeddingPage(document.getElementById('embedding'), JSON.parse(data.textContent))
                            : null;
document.getElementById('theme').addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  if (window.embeddingPage) {
    window.embeddingPage.set({theme});
  } else {
    setTheme(theme);
  }
});
